/*
title: Controls of the benchmark
description: >
  Every control of CIS Google Cloud in one version, with what the last run found for it. The numbers and what can be
  decided from the inventory are facts of the benchmark; the titles are ours. covered: whole, part (what a rule cannot
  see is in `limits`), manual (needs a person), none (no rule that runs). state: failed, unknown, waived, passed,
  nothing (no such assets), manual, none.
params:
  - {name: version, type: STRING, default: "4.0", description: "3.0, 4.0 or 5.0"}
  - {name: control, type: STRING, default: null, description: Only this control; null is all}
grain: control
*/
WITH listed AS (
  SELECT
    position,
    CASE @version WHEN '3.0' THEN v3 WHEN '4.0' THEN v4 WHEN '5.0' THEN v5 END AS control,
    level,
    decidable,
    title,
    why
  FROM UNNEST(ARRAY<STRUCT<
    position INT64, v3 STRING, v4 STRING, v5 STRING, level INT64, decidable STRING, title STRING, why STRING
  >>[
    (1, NULL, NULL, '1.1.1', 1, 'manual', 'A super administrator address that belongs to no single person', 'Which address a super administrator signs in with is in the directory of Workspace or Cloud Identity.'),
    (2, NULL, NULL, '1.1.2', 1, 'part', 'Daily administration without super administrators', NULL),
    (3, NULL, NULL, '1.1.3', 2, 'part', 'Folders that keep environments apart', NULL),
    (4, NULL, NULL, '1.1.4', 2, 'whole', 'Guardrails set as organisation policies', NULL),
    (5, '1.1', '1.1', '1.2', 1, 'whole', 'Company accounts only, no personal ones', NULL),
    (6, '1.2', '1.2', '1.3', 1, 'manual', 'A second factor for every person', 'How people sign in is set in Workspace, Cloud Identity or the identity provider.'),
    (7, '1.3', '1.3', '1.4', 2, 'manual', 'Security keys for administrators', 'How administrators sign in is set in Workspace, Cloud Identity or the identity provider.'),
    (8, '1.4', '1.4', '1.5', 1, 'whole', 'No downloaded keys of service accounts', NULL),
    (9, '1.5', '1.5', '1.6', 1, 'whole', 'No administrative roles for service accounts', NULL),
    (10, '1.6', '1.6', '1.7', 1, 'whole', 'Nobody may act as every service account of a project', NULL),
    (11, '1.7', '1.7', '1.8', 1, 'whole', 'Keys of service accounts replaced within 90 days', NULL),
    (12, '1.8', '1.8', '1.9', 2, 'whole', 'Managing and using service accounts in different hands', NULL),
    (13, '1.9', '1.9', '1.10', 1, 'whole', 'KMS keys closed to the public', NULL),
    (14, '1.10', '1.10', '1.11', 1, 'whole', 'KMS keys rotated within 90 days', NULL),
    (15, '1.11', '1.11', '1.12', 2, 'whole', 'Managing and using KMS keys in different hands', NULL),
    (16, '1.12', '1.12', '1.13', 2, 'part', 'API keys only where they are needed', NULL),
    (17, '1.13', '1.13', '1.14', 2, 'whole', 'API keys bound to hosts or applications', NULL),
    (18, '1.14', '1.14', '1.15', 2, 'part', 'API keys bound to the APIs they call', NULL),
    (19, '1.15', '1.15', '1.16', 2, 'whole', 'API keys replaced within 90 days', NULL),
    (20, '1.16', '1.16', '1.17', 1, 'whole', 'Essential contacts named', NULL),
    (21, '1.17', '1.17', '1.18', 1, 'part', 'Secrets of functions kept out of environment variables', NULL),
    (22, '2.1', '2.1', '2.1', 1, 'whole', 'Audit logs of all services, for everybody', NULL),
    (23, NULL, NULL, '2.2', 1, 'manual', 'Audit logs of the directory shared with Google Cloud', 'The sharing is a setting of Workspace or Cloud Identity.'),
    (24, '2.2', '2.2', '2.3', 1, 'whole', 'A sink that keeps every log entry', NULL),
    (25, '2.3', '2.3', '2.4', 2, 'whole', 'Locked retention on buckets that keep logs', NULL),
    (26, '2.4', '2.4', '2.5', 1, 'whole', 'An alert on new owners of a project', NULL),
    (27, '2.5', '2.5', '2.6', 1, 'whole', 'An alert on changes of the audit configuration', NULL),
    (28, '2.6', '2.6', '2.7', 1, 'whole', 'An alert on changes of custom roles', NULL),
    (29, '2.7', '2.7', '2.8', 2, 'whole', 'An alert on changes of firewall rules', NULL),
    (30, '2.8', '2.8', '2.9', 2, 'whole', 'An alert on changes of routes', NULL),
    (31, '2.9', '2.9', '2.10', 2, 'whole', 'An alert on changes of networks', NULL),
    (32, '2.10', '2.10', '2.11', 2, 'whole', 'An alert on changes of bucket permissions', NULL),
    (33, '2.11', '2.11', '2.12', 2, 'whole', 'An alert on changes of SQL instances', NULL),
    (34, '2.12', '2.12', '2.13', 1, 'whole', 'DNS queries of every network logged', NULL),
    (35, '2.13', '2.13', '2.14', 1, 'whole', 'Cloud Asset API switched on', NULL),
    (36, '2.14', '2.14', '2.15', 2, 'manual', 'Access Transparency switched on', 'Cloud Asset Inventory has no field that tells it; look at the IAM settings of the organisation in the console.'),
    (37, '2.15', '2.15', '2.16', 2, 'part', 'Access Approval switched on', NULL),
    (38, '2.16', '2.16', '2.17', 2, 'whole', 'Requests to load balancers logged', NULL),
    (39, '3.1', '3.1', '3.1', 2, 'whole', 'No network called default', NULL),
    (40, '3.2', '3.2', '3.2', 1, 'whole', 'No networks of the old kind', NULL),
    (41, '3.3', '3.3', '3.3', 1, 'whole', 'Public DNS zones signed', NULL),
    (42, '3.4', '3.4', '3.4', 1, 'whole', 'No SHA-1 in key-signing keys of DNS', NULL),
    (43, '3.5', '3.5', '3.5', 1, 'whole', 'No SHA-1 in zone-signing keys of DNS', NULL),
    (44, '3.6', '3.6', '3.6', 2, 'whole', 'SSH closed to the internet', NULL),
    (45, '3.7', '3.7', '3.7', 2, 'whole', 'Remote desktop closed to the internet', NULL),
    (46, NULL, NULL, '3.8', 2, 'part', 'Services inside a service perimeter', NULL),
    (47, NULL, NULL, '3.9', 2, 'part', 'Google APIs reached over a private endpoint', NULL),
    (48, '3.8', '3.8', '3.10', 2, 'whole', 'Flow logs on every subnet', NULL),
    (49, '3.9', '3.9', '3.11', 1, 'whole', 'Load balancers that refuse weak TLS', NULL),
    (50, '3.10', '3.10', '3.12', 2, 'part', 'Web back ends reached through proxies only', NULL),
    (51, '4.1', '4.1', '4.1', 1, 'whole', 'Machines with a service account of their own', NULL),
    (52, '4.2', '4.2', '4.2', 1, 'whole', 'No default account with access to every API', NULL),
    (53, '4.3', '4.3', '4.3', 1, 'whole', 'SSH keys of the project kept off machines', NULL),
    (54, '4.4', '4.4', '4.4', 1, 'whole', 'OS Login on in every project', NULL),
    (55, '4.5', '4.5', '4.5', 1, 'whole', 'Serial console closed', NULL),
    (56, '4.6', '4.6', '4.6', 1, 'whole', 'No forwarding of foreign packets', NULL),
    (57, '4.7', '4.7', '4.7', 2, 'part', 'Keys of one\'s own on disks that matter', NULL),
    (58, '4.8', '4.8', '4.8', 2, 'whole', 'Shielded machines', NULL),
    (59, '4.9', '4.9', '4.9', 2, 'whole', 'No public addresses on machines', NULL),
    (60, '4.10', '4.10', '4.10', 2, 'part', 'App Engine over HTTPS only', NULL),
    (61, '4.11', '4.11', '4.11', 2, 'whole', 'Confidential computing on machines', NULL),
    (62, '4.12', '4.12', '4.12', 2, 'part', 'Machines with their updates installed', NULL),
    (63, '5.1', '5.1', '5.1', 1, 'whole', 'Buckets closed to the public', NULL),
    (64, '5.2', '5.2', '5.2', 2, 'whole', 'One way of access per bucket, by IAM', NULL),
    (65, '6.1.1', '6.1.1', '6.1.1', 1, 'manual', 'MySQL administrators need a password', 'Whether an account has a password is known inside the database only.'),
    (66, '6.1.2', '6.1.2', '6.1.2', 1, 'whole', 'MySQL: skip_show_database on', NULL),
    (67, '6.1.3', '6.1.3', '6.1.3', 1, 'whole', 'MySQL: local_infile off', NULL),
    (68, '6.2.1', '6.2.1', '6.2.1', 2, 'whole', 'PostgreSQL: log_error_verbosity', NULL),
    (69, '6.2.2', '6.2.2', '6.2.2', 1, 'whole', 'PostgreSQL: log_connections on', NULL),
    (70, '6.2.3', '6.2.3', '6.2.3', 1, 'whole', 'PostgreSQL: log_disconnections on', NULL),
    (71, '6.2.4', '6.2.4', '6.2.4', 2, 'whole', 'PostgreSQL: log_statement', NULL),
    (72, '6.2.5', '6.2.5', '6.2.5', 1, 'whole', 'PostgreSQL: log_min_messages', NULL),
    (73, '6.2.6', '6.2.6', '6.2.6', 1, 'whole', 'PostgreSQL: log_min_error_statement', NULL),
    (74, '6.2.7', '6.2.7', '6.2.7', 1, 'whole', 'PostgreSQL: log_min_duration_statement off', NULL),
    (75, '6.2.8', '6.2.8', '6.2.8', 1, 'whole', 'PostgreSQL: pgaudit on', NULL),
    (76, '6.3.1', '6.3.1', '6.3.1', 1, 'whole', 'SQL Server: external scripts off', NULL),
    (77, '6.3.2', '6.3.2', '6.3.2', 1, 'whole', 'SQL Server: cross-database ownership chaining off', NULL),
    (78, '6.3.3', '6.3.3', '6.3.3', 1, 'whole', 'SQL Server: user connections unlimited', NULL),
    (79, '6.3.4', '6.3.4', '6.3.4', 1, 'whole', 'SQL Server: user options empty', NULL),
    (80, '6.3.5', '6.3.5', '6.3.5', 1, 'whole', 'SQL Server: remote access off', NULL),
    (81, '6.3.6', '6.3.6', '6.3.6', 1, 'whole', 'SQL Server: trace flag 3625 on', NULL),
    (82, '6.3.7', '6.3.7', '6.3.7', 1, 'whole', 'SQL Server: contained database authentication off', NULL),
    (83, '6.4', '6.4', '6.4', 1, 'whole', 'TLS for every connection to SQL instances', NULL),
    (84, '6.5', '6.5', '6.5', 1, 'whole', 'SQL instances closed to the whole internet', NULL),
    (85, NULL, NULL, '6.6', 1, 'whole', 'People sign in to SQL instances with IAM', NULL),
    (86, '6.6', '6.6', '6.7', 2, 'whole', 'SQL instances without public addresses', NULL),
    (87, '6.7', '6.7', '6.8', 1, 'whole', 'Backups of SQL instances by the clock', NULL),
    (88, NULL, NULL, '6.9', 1, 'whole', 'SQL instances protected against deletion', NULL),
    (89, '7.1', '7.1', '7.1', 1, 'whole', 'Datasets closed to the public', NULL),
    (90, '7.2', '7.2', '7.2', 2, 'whole', 'Keys of one\'s own on BigQuery tables', NULL),
    (91, '7.3', '7.3', '7.3', 2, 'whole', 'Keys of one\'s own as the default of datasets', NULL),
    (92, '7.4', '7.4', '7.4', 2, 'manual', 'Data in BigQuery classified', 'What the data is has to be found by a scan and judged; the inventory holds no data.'),
    (93, '8.1', '8.1', '8.1', 2, 'whole', 'Keys of one\'s own on Dataproc clusters', NULL)
  ])
),
named AS (
  SELECT
    policy_id,
    title,
    covers,
    enabled,
    error,
    passed,
    failed,
    waived,
    `unknown`,
    CASE @version
      WHEN '3.0' THEN JSON_VALUE_ARRAY(frameworks, '$.cis_gcp."3.0"')
      WHEN '4.0' THEN JSON_VALUE_ARRAY(frameworks, '$.cis_gcp."4.0"')
      WHEN '5.0' THEN JSON_VALUE_ARRAY(frameworks, '$.cis_gcp."5.0"')
    END AS controls
  FROM policies
  WHERE frameworks IS NOT NULL
),
mapped AS (
  SELECT
    control,
    ARRAY_AGG(policy_id ORDER BY policy_id) AS rules,
    COUNTIF(enabled AND error IS NULL AND passed IS NOT NULL) AS ran,
    COUNTIF(NOT enabled AND error IS NULL) AS off,
    COUNTIF(error IS NOT NULL) AS broken,
    STRING_AGG(IF(enabled, covers, NULL), ' ' ORDER BY policy_id) AS limits,
    COALESCE(SUM(passed), 0) AS passed,
    COALESCE(SUM(failed), 0) AS failed,
    COALESCE(SUM(waived), 0) AS waived,
    COALESCE(SUM(`unknown`), 0) AS `unknown`
  FROM named
  CROSS JOIN UNNEST(controls) AS control
  WHERE control IS NOT NULL
  GROUP BY control
),
joined AS (
  SELECT
    l.position,
    l.control,
    l.level,
    l.title,
    CASE
      WHEN COALESCE(m.ran, 0) > 0 AND m.broken = 0 AND m.off = 0 AND l.decidable = 'whole' THEN 'whole'
      WHEN COALESCE(m.ran, 0) > 0 THEN 'part'
      WHEN l.decidable = 'manual' THEN 'manual'
      ELSE 'none'
    END AS covered,
    CASE
      WHEN m.broken > 0 THEN CONCAT(CAST(m.broken AS STRING), ' of its rules could not be run.')
      WHEN COALESCE(m.ran, 0) > 0 AND m.off > 0 THEN CONCAT(CAST(m.off AS STRING), ' of its rules are switched off.')
      WHEN COALESCE(m.ran, 0) > 0 THEN NULL
      WHEN m.off > 0 THEN 'Its rules are switched off.'
      WHEN m.control IS NOT NULL THEN 'Its rules have not run yet.'
      WHEN l.decidable = 'manual' THEN l.why
      ELSE 'No rule maps to it.'
    END AS why,
    m.limits,
    COALESCE(m.rules, []) AS rules,
    COALESCE(m.passed, 0) AS passed,
    COALESCE(m.failed, 0) AS failed,
    COALESCE(m.waived, 0) AS waived,
    COALESCE(m.`unknown`, 0) AS `unknown`
  FROM listed AS l
  LEFT JOIN mapped AS m ON m.control = l.control
  WHERE l.control IS NOT NULL
    AND (@control IS NULL OR l.control = @control)
)
SELECT
  control,
  title,
  level,
  CASE
    WHEN covered IN ('manual', 'none') THEN covered
    WHEN failed > 0 THEN 'failed'
    WHEN `unknown` > 0 THEN 'unknown'
    WHEN waived > 0 THEN 'waived'
    WHEN passed > 0 THEN 'passed'
    ELSE 'nothing'
  END AS state,
  covered,
  passed,
  failed,
  waived,
  `unknown`,
  why,
  limits,
  rules
FROM joined
ORDER BY position
