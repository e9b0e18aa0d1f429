-- Who may do what: the IAM policies of all assets, one row per binding and member.
CREATE TABLE IF NOT EXISTS iam_bindings (
  binding_id STRING NOT NULL OPTIONS (description = 'Hash of what the row says'),
  asset_name STRING NOT NULL OPTIONS (description = 'Asset on which the binding is in effect'),
  asset_type STRING NOT NULL OPTIONS (description = 'Its Cloud Asset type'),
  project_id STRING OPTIONS (description = 'Its project; null above projects'),
  resource STRING OPTIONS (description = 'Of an organisation, folder or project: its name as in ancestors, for example folders/12; null for all other assets'),
  role STRING OPTIONS (description = 'Role, for example roles/owner'),
  member STRING OPTIONS (description = 'Member, for example user:ada@example.com'),
  condition STRING OPTIONS (description = 'Expression of the condition; null without one'),
  inherited_from STRING OPTIONS (description = 'The folder or organisation whose policy it is, as in ancestors; null when it is set on the asset itself. Only projects and folders have rows that are inherited'),
  PRIMARY KEY (binding_id) NOT ENFORCED
)
CLUSTER BY asset_type, project_id
OPTIONS (description = 'Who may do what: the IAM policies of all assets, one row per binding and member.');
