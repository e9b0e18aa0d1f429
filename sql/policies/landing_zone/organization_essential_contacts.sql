/*
id: organization_essential_contacts
title: Essential contacts are set
description: >
  Each category must have a contact on the organisation. A contact for all categories counts for each; one
  whose address is known to be invalid does not count.
severity: medium
asset_types: [cloudresourcemanager.googleapis.com/Organization]
frameworks: {cis_gcp: {"3.0": "1.16", "4.0": "1.16", "5.0": "1.17"}}
params:
  - {name: categories, type: "ARRAY<STRING>", default: [LEGAL, SECURITY, SUSPENSION, TECHNICAL], description: Categories that must have a contact}
rationale: >
  Google writes to them about breaches, suspensions and legal matters; otherwise the letter goes to whoever
  once signed up.
remediation:
  text: >
    Add contacts, best group addresses.
  gcloud: |
    gcloud essential-contacts create --organization=ORGANIZATION --email=security@example.com --notification-categories=security,legal,suspension,technical --language=en
  terraform: |
    resource "google_essential_contacts_contact" "security" {
      parent                              = "{name}"
      email                               = "security@example.com"
      language_tag                        = "en"
      notification_category_subscriptions = ["SECURITY", "LEGAL", "SUSPENSION", "TECHNICAL"]
    }
covers: >
  Whether anybody reads the mail. An organisation whose contacts were not collected counts as one without.
defaults: >
  validationState: not yet known: counts.
grain: asset
*/
WITH contacts AS (
  SELECT
    REGEXP_EXTRACT(name, r'(organizations/[^/]+)/contacts/') AS node,
    JSON_VALUE(category) AS category
  FROM assets
  CROSS JOIN UNNEST(JSON_QUERY_ARRAY(resource, '$.data.notificationCategorySubscriptions')) AS category
  WHERE asset_type = 'essentialcontacts.googleapis.com/Contact'
    AND COALESCE(JSON_VALUE(resource, '$.data.validationState'), 'VALID') <> 'INVALID'
),
examined AS (
  SELECT name, resource IS NULL AS unseen, REGEXP_EXTRACT(name, r'organizations/[^/]+$') AS node
  FROM assets
  WHERE asset_type = 'cloudresourcemanager.googleapis.com/Organization'
),
missing AS (
  SELECT e.name, STRING_AGG(wanted, ', ' ORDER BY wanted) AS categories
  FROM examined AS e
  CROSS JOIN UNNEST(@categories) AS wanted
  LEFT JOIN (SELECT DISTINCT node, category FROM contacts) AS c
    ON c.node = e.node AND c.category = wanted
  LEFT JOIN (SELECT DISTINCT node FROM contacts WHERE category = 'ALL') AS every
    ON every.node = e.node
  WHERE c.node IS NULL AND every.node IS NULL
  GROUP BY e.name
)
SELECT
  e.name AS asset_name,
  CASE WHEN e.unseen THEN 'unknown' WHEN m.name IS NOT NULL THEN 'fail' ELSE 'pass' END AS status,
  CASE
    WHEN e.unseen THEN 'Its configuration was not collected.'
    WHEN m.name IS NOT NULL THEN CONCAT('No contact for: ', m.categories, '.')
    ELSE 'Every category has a contact.'
  END AS reason,
  JSON_OBJECT('missing', m.categories) AS evidence
FROM examined AS e
LEFT JOIN missing AS m ON m.name = e.name
