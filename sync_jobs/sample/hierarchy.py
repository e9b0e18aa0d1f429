"""The organisation, its folders and projects, with their IAM policies and organisation policies."""

from __future__ import annotations

from datetime import datetime

from sync_jobs.sample import organisation as org
from sync_jobs.sample.site import Edit, Json, Life, binding, kind, later, make_asset
from sync_jobs.sample.timeline import Year, stamp

CRM = "cloudresourcemanager.googleapis.com"
ORGANIZATION = kind(f"{CRM}/Organization", "v1")
FOLDER = kind(f"{CRM}/Folder", "v2")
PROJECT = kind(f"{CRM}/Project", "v1")
ORG_POLICY = kind("orgpolicy.googleapis.com/Policy", "v2")

CONSTRAINTS = (
    "compute.requireOsLogin",
    "compute.skipDefaultNetworkCreation",
    "compute.vmExternalIpAccess",
    "iam.disableServiceAccountKeyCreation",
    "iam.allowedPolicyMemberDomains",
    "storage.uniformBucketLevelAccess",
    "storage.publicAccessPrevention",
    "gcp.resourceLocations",
    "sql.restrictPublicIp",
    "compute.requireShieldedVm",
    "compute.restrictVpcPeering",
    "iam.automaticIamGrantsForDefaultServiceAccounts",
)


def lives(year: Year) -> list[Life]:
    """Organisation, folders, projects and policies, oldest first."""
    found = [
        _organization(year),
        *(_folder(year, number, folder) for number, folder in enumerate(org.FOLDERS)),
    ]
    found += [_constraint(year, number, name) for number, name in enumerate(CONSTRAINTS)]
    return found + [_project(year, project) for project in org.PROJECTS]


def _organization(year: Year) -> Life:
    born = year.day(-1000)
    data = {
        "name": org.ORGANIZATION,
        "organizationId": org.ORGANIZATION_ID,
        "displayName": org.DISPLAY_NAME,
        "owner": {"directoryCustomerId": org.CUSTOMER_ID},
        "creationTime": stamp(born),
        "lifecycleState": "ACTIVE",
    }
    iam = [
        binding("roles/resourcemanager.organizationAdmin", org.group("lz-admins"), org.user(0)),
        binding("roles/resourcemanager.folderAdmin", f"serviceAccount:{org.AUTOMATION}"),
        binding("roles/orgpolicy.policyAdmin", org.group("lz-security")),
        binding("roles/cloudasset.viewer", org.group("lz-auditors")),
        binding("roles/billing.viewer", org.group("lz-finance")),
        binding("roles/logging.configWriter", f"serviceAccount:{org.AUTOMATION}"),
    ]
    asset = make_asset(ORGANIZATION, org.ORGANIZATION, data, parent="", ancestors=[org.ORGANIZATION], iam=iam)
    del asset["resource"]["parent"]
    audit = [{"logType": kind} for kind in ("ADMIN_READ", "DATA_WRITE", "DATA_READ")]
    asset["iamPolicy"]["auditConfigs"] = [{"service": "allServices", "auditLogConfigs": audit}]
    return Life(asset, born)


def _folder(year: Year, number: int, folder: org.Folder) -> Life:
    born = later(year.day(-990), hours=number)
    ancestors = org.folder_ancestors(folder.key)
    data = {
        "name": f"folders/{folder.number}",
        "parent": ancestors[1],
        "displayName": folder.display_name,
        "lifecycleState": "ACTIVE",
        "createTime": stamp(born),
    }
    members = {"platform": "lz-admins", "security": "lz-security"}.get(folder.key, "lz-developers")
    iam = [
        binding("roles/viewer", org.group(members)),
        binding("roles/resourcemanager.projectCreator", f"serviceAccount:{org.AUTOMATION}"),
    ]
    if folder.key == "sandbox":
        iam.append(binding("roles/editor", org.group("lz-developers")))
    return Life(
        make_asset(
            FOLDER,
            f"folders/{folder.number}",
            data,
            parent=f"//{CRM}/{ancestors[1]}",
            ancestors=ancestors,
            iam=iam,
        ),
        born,
    )


def _constraint(year: Year, number: int, name: str) -> Life:
    born = later(year.day(-950), hours=number) if number < 8 else year.day(20 + 31 * (number - 8))
    path = f"{org.ORGANIZATION}/policies/{name}"
    data = {
        "name": path,
        "spec": {"rules": [{"enforce": True}], "updateTime": stamp(born), "etag": "CJsample="},
    }
    return Life(
        make_asset(
            ORG_POLICY, path, data, parent=f"//{CRM}/{org.ORGANIZATION}", ancestors=[org.ORGANIZATION]
        ),
        born,
    )


def _project(year: Year, project: org.Project) -> Life:
    born = year.day(project.made)
    parent = project.ancestors[1]
    data = {
        "projectId": project.id,
        "projectNumber": project.number,
        "name": project.id.removeprefix("sample-").replace("-", " "),
        "lifecycleState": "ACTIVE",
        "createTime": stamp(born),
        "labels": project.labels,
        "parent": {"type": "folder", "id": parent.removeprefix("folders/")},
    }
    asset = make_asset(
        PROJECT,
        f"projects/{project.number}",
        data,
        parent=f"//{CRM}/{parent}",
        ancestors=project.ancestors,
        iam=_grants(project),
    )
    life = Life(asset, born)
    if project.gone is not None:
        gone = year.day(project.gone)
        life.edits.append((gone, _delete_requested))
        life.died = later(gone, days=30)
    return life


def _delete_requested(asset: Json) -> Json:
    data = {**asset["resource"]["data"], "lifecycleState": "DELETE_REQUESTED"}
    return {**asset, "resource": {**asset["resource"], "data": data}}


def _grants(project: org.Project) -> list[Json]:
    number = int(project.number[-3:])
    deployer = f"serviceAccount:deployer@{project.id}.iam.gserviceaccount.com"
    iam = [
        binding("roles/viewer", org.group("lz-auditors"), org.group("lz-oncall")),
        binding("roles/run.admin", deployer),
        binding("roles/compute.instanceAdmin.v1", deployer),
        binding("roles/logging.logWriter", f"serviceAccount:app-app@{project.id}.iam.gserviceaccount.com"),
        binding("roles/storage.objectAdmin", f"serviceAccount:app-app@{project.id}.iam.gserviceaccount.com"),
    ]
    if project.env in {"dev", "test"}:
        iam.append(binding("roles/container.developer", org.group("lz-developers"), org.user(number)))
    if project.env == "sandbox":  # primitive roles for people: a violation on purpose
        iam.append(binding("roles/owner", org.user(number), org.user(number + 3)))
    if project.profile == "legacy":
        compute = f"serviceAccount:{project.number}-compute@developer.gserviceaccount.com"
        iam.append(binding("roles/editor", compute, org.user(number), f"user:{org.OUTSIDER}"))
        iam.append(binding("roles/iam.serviceAccountUser", org.user(number)))
    return iam


def grant(role: str, member: str, at: datetime) -> tuple[datetime, Edit]:
    """An edit that gives a role to one more member."""

    def edit(asset: Json) -> Json:
        policy = asset.get("iamPolicy", {"version": 1, "bindings": []})
        bindings = [dict(one) for one in policy["bindings"]]
        for one in bindings:
            if one["role"] == role:
                one["members"] = [*(m for m in one["members"] if m != member), member]
                break
        else:
            bindings.append(binding(role, member))
        return {**asset, "iamPolicy": {**policy, "etag": f"Bw{int(at.timestamp()):x}=", "bindings": bindings}}

    return at, edit
