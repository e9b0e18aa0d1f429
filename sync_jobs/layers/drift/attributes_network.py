"""Attributes compared: the organisation, storage, networks and machines. See attributes.py for the notation."""

from __future__ import annotations

_LABELS = "labels > labels : labels"

TABLE = {
    "google_project": """
        name > name : text
        labels > labels : labels
        folder_id > parent.id : last
    """,
    "google_folder": """
        display_name > displayName : text
        parent > parent : text
    """,
    "google_project_service": "service > state : enabled",
    "google_org_policy_policy": """
        spec.0.rules > spec.rules : rules
        spec.0.inherit_from_parent > spec.inheritFromParent : bool
        spec.0.reset > spec.reset : bool
    """,
    "google_storage_bucket": f"""
        location > location : upper
        storage_class > storageClass : upper
        uniform_bucket_level_access > iamConfiguration.uniformBucketLevelAccess.enabled : bool
        public_access_prevention > iamConfiguration.publicAccessPrevention : upper
        versioning.0.enabled > versioning.enabled : bool
        encryption.0.default_kms_key_name > encryption.defaultKmsKeyName : path
        requester_pays > billing.requesterPays : bool
        retention_policy.0.retention_period > retentionPolicy.retentionPeriod : number
        retention_policy.0.is_locked > retentionPolicy.isLocked : bool
        logging.0.log_bucket > logging.logBucket : text
        default_event_based_hold > defaultEventBasedHold : bool
        {_LABELS}
    """,
    "google_compute_network": """
        auto_create_subnetworks > autoCreateSubnetworks : bool
        routing_mode > routingConfig.routingMode : upper
        mtu > mtu : number
        description > description : text
    """,
    "google_compute_subnetwork": """
        ip_cidr_range > ipCidrRange : text
        network > network : last
        private_ip_google_access > privateIpGoogleAccess : bool
        purpose > purpose : upper
        role > role : upper
        stack_type > stackType : upper
        description > description : text
        log_config.0.aggregation_interval > logConfig.aggregationInterval : upper
        log_config.0.flow_sampling > logConfig.flowSampling : number
        log_config.0.metadata > logConfig.metadata : upper
        secondary_ip_range.*.ip_cidr_range > secondaryIpRanges.*.ipCidrRange : set
    """,
    "google_compute_firewall": """
        network > network : last
        direction > direction : upper
        priority > priority : number
        disabled > disabled : bool
        source_ranges > sourceRanges : set
        destination_ranges > destinationRanges : set
        source_tags > sourceTags : set
        target_tags > targetTags : set
        source_service_accounts > sourceServiceAccounts : set
        target_service_accounts > targetServiceAccounts : set
        allow > allowed : ports
        deny > denied : ports
        log_config > logConfig.enable : there
        description > description : text
    """,
    "google_compute_instance": f"""
        machine_type > machineType : last
        tags > tags.items : set
        can_ip_forward > canIpForward : bool
        deletion_protection > deletionProtection : bool
        description > description : text
        desired_status > status : upper
        min_cpu_platform > minCpuPlatform : text
        network_interface.0.network > networkInterfaces.0.network : last
        network_interface.0.subnetwork > networkInterfaces.0.subnetwork : last
        service_account.0.email > serviceAccounts.0.email : text
        service_account.0.scopes > serviceAccounts.0.scopes : scopes
        shielded_instance_config.0.enable_secure_boot > shieldedInstanceConfig.enableSecureBoot : bool
        shielded_instance_config.0.enable_vtpm > shieldedInstanceConfig.enableVtpm : bool
        shielded_instance_config.0.enable_integrity_monitoring > shieldedInstanceConfig.enableIntegrityMonitoring : bool
        scheduling.0.preemptible > scheduling.preemptible : bool
        metadata > metadata.items : items
        {_LABELS}
    """,
    "google_compute_disk": f"""
        size > sizeGb : number
        type > type : last
        description > description : text
        disk_encryption_key.0.kms_key_self_link > diskEncryptionKey.kmsKeyName : key
        provisioned_iops > provisionedIops : number
        {_LABELS}
    """,
    "google_compute_address": f"""
        address > address : text
        address_type > addressType : upper
        network_tier > networkTier : upper
        purpose > purpose : upper
        subnetwork > subnetwork : last
        description > description : text
        {_LABELS}
    """,
    "google_compute_global_address": f"""
        address > address : text
        address_type > addressType : upper
        ip_version > ipVersion : upper
        prefix_length > prefixLength : number
        purpose > purpose : upper
        network > network : last
        description > description : text
        {_LABELS}
    """,
    "google_compute_router": """
        network > network : last
        description > description : text
        bgp.0.asn > bgp.asn : number
        bgp.0.advertise_mode > bgp.advertiseMode : upper
        bgp.0.advertised_groups > bgp.advertisedGroups : set
    """,
}
