/*
title: Folders
description: >
  Every folder with its name for people and what is above it.
grain: folder
*/
SELECT
  REGEXP_EXTRACT(name, r'folders/[0-9]+$') AS folder,
  display_name,
  ancestors
FROM assets
WHERE asset_type = 'cloudresourcemanager.googleapis.com/Folder'
ORDER BY display_name, folder
