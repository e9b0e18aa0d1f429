-- Organisation policies as they are in effect on organisations, folders and projects.
CREATE TABLE IF NOT EXISTS org_policies (
  org_policy_id STRING NOT NULL OPTIONS (description = 'Hash of what the row says'),
  asset_name STRING NOT NULL OPTIONS (description = 'Asset of the organisation, folder or project'),
  asset_type STRING NOT NULL OPTIONS (description = 'Its Cloud Asset type'),
  project_id STRING OPTIONS (description = 'Project; null above projects'),
  resource STRING NOT NULL OPTIONS (description = 'The organisation, folder or project as in ancestors, for example folders/12'),
  constraint_name STRING NOT NULL OPTIONS (description = 'Constraint without its prefix, for example compute.vmExternalIpAccess'),
  enforced BOOL OPTIONS (description = 'Of a constraint that is on or off; null for lists'),
  allowed ARRAY<STRING> OPTIONS (description = 'Values of a list that are allowed'),
  denied ARRAY<STRING> OPTIONS (description = 'Values of a list that are denied'),
  allow_all BOOL OPTIONS (description = 'Every value is allowed; null where nothing is said'),
  deny_all BOOL OPTIONS (description = 'Every value is denied; null where nothing is said'),
  inherit BOOL NOT NULL OPTIONS (description = 'What is set above counts too (lists only)'),
  restore_default BOOL NOT NULL OPTIONS (description = 'Back to the default of the constraint'),
  condition STRING OPTIONS (description = 'Expression on tags under which it counts; null: always'),
  inherited_from STRING OPTIONS (description = 'The folder or organisation that sets it; null when it is set here. What a nearer policy replaces has no row'),
  PRIMARY KEY (org_policy_id) NOT ENFORCED
)
CLUSTER BY asset_type, project_id
OPTIONS (description = 'Organisation policies as they are in effect on organisations, folders and projects.');
