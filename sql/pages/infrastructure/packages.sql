/*
title: Packages of one machine
description: >
  What the OS inventory of a machine lists, one row per package: the version installed, and the one that it could be updated
  to. Those with an update come first.
params:
  - {name: name, type: STRING, description: Full resource name}
  - {name: page_size, type: INT64, default: 1000, description: Most packages to return}
grain: package
*/
WITH items AS (
  SELECT
    JSON_QUERY(item, '$.availablePackage') IS NOT NULL AS available,
    COALESCE(JSON_QUERY(item, '$.installedPackage'), JSON_QUERY(item, '$.availablePackage')) AS package
  FROM assets AS a
  CROSS JOIN UNNEST(JSON_QUERY_ARRAY(a.os_inventory, '$.items')) AS item
  WHERE a.name = @name
),
named AS (
  SELECT
    available,
    CASE
      WHEN JSON_QUERY(package, '$.aptPackage') IS NOT NULL THEN 'apt'
      WHEN JSON_QUERY(package, '$.yumPackage') IS NOT NULL THEN 'yum'
      WHEN JSON_QUERY(package, '$.zypperPackage') IS NOT NULL THEN 'zypper'
      WHEN JSON_QUERY(package, '$.zypperPatch') IS NOT NULL THEN 'zypper patch'
      WHEN JSON_QUERY(package, '$.googetPackage') IS NOT NULL THEN 'googet'
      WHEN JSON_QUERY(package, '$.cosPackage') IS NOT NULL THEN 'cos'
      WHEN JSON_QUERY(package, '$.wuaPackage') IS NOT NULL THEN 'windows update'
      WHEN JSON_QUERY(package, '$.qfePackage') IS NOT NULL THEN 'windows fix'
      WHEN JSON_QUERY(package, '$.windowsApplication') IS NOT NULL THEN 'windows application'
      ELSE 'other'
    END AS manager,
    COALESCE(
      JSON_VALUE(package, '$.aptPackage.packageName'),
      JSON_VALUE(package, '$.yumPackage.packageName'),
      JSON_VALUE(package, '$.zypperPackage.packageName'),
      JSON_VALUE(package, '$.zypperPatch.patchName'),
      JSON_VALUE(package, '$.googetPackage.packageName'),
      JSON_VALUE(package, '$.cosPackage.packageName'),
      JSON_VALUE(package, '$.wuaPackage.title'),
      JSON_VALUE(package, '$.qfePackage.hotFixId'),
      JSON_VALUE(package, '$.windowsApplication.displayName'),
      'unnamed'
    ) AS package,
    COALESCE(
      JSON_VALUE(package, '$.aptPackage.architecture'),
      JSON_VALUE(package, '$.yumPackage.architecture'),
      JSON_VALUE(package, '$.zypperPackage.architecture'),
      JSON_VALUE(package, '$.googetPackage.architecture'),
      JSON_VALUE(package, '$.cosPackage.architecture'),
      ''
    ) AS architecture,
    COALESCE(
      JSON_VALUE(package, '$.aptPackage.version'),
      JSON_VALUE(package, '$.yumPackage.version'),
      JSON_VALUE(package, '$.zypperPackage.version'),
      JSON_VALUE(package, '$.googetPackage.version'),
      JSON_VALUE(package, '$.cosPackage.version'),
      JSON_VALUE(package, '$.windowsApplication.displayVersion'),
      JSON_VALUE(package, '$.qfePackage.installTime'),
      JSON_VALUE(package, '$.wuaPackage.lastDeploymentChangeTime'),
      ''
    ) AS version
  FROM items
),
packages AS (
  SELECT
    package,
    manager,
    architecture,
    STRING_AGG(CASE WHEN NOT available THEN version END, ', ' ORDER BY version) AS installed,
    STRING_AGG(CASE WHEN available THEN version END, ', ' ORDER BY version) AS available
  FROM named
  GROUP BY package, manager, architecture
)
SELECT
  package,
  manager,
  architecture,
  installed,
  available,
  COUNT(*) OVER () AS total,
  COUNT(available) OVER () AS updates
FROM packages
ORDER BY CASE WHEN available IS NULL THEN 1 ELSE 0 END, package, manager, architecture
LIMIT @page_size
