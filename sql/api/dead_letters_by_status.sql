/*
title: Dead letters by layer and status
description: How many records of each layer could not be understood, by what became of them.
grain: layer, status
*/
SELECT layer, status, COUNT(*) AS dead_letters
FROM dead_letters
WHERE received_at >= TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 400 DAY)
GROUP BY layer, status
ORDER BY layer, status
