/*
title: Facts about the home
description: Key and value, such as source_kind (sample, real or none).
grain: key
*/
SELECT key, value
FROM portal_info
ORDER BY key
