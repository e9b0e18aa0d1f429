"""Which attribute of a Terraform resource is which field of the asset, and how both are made comparable.

A line: Terraform attribute > path in the asset's data : kind. Paths are names and numbers with dots; `*` stands for every
element; of paths with `|` between the first that is there counts. Kinds: see normalise.py. An attribute that the text does
not set is a default or computed, and not compared.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

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
        region > region : last
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
        log_config.0.metadata > logConfig.metadata : upper
        description > description : text
    """,
    "google_compute_instance": f"""
        machine_type > machineType : last
        zone > zone : last
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
        zone > zone : last
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
        region > region : last
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
        region > region : last
        description > description : text
        bgp.0.asn > bgp.asn : number
        bgp.0.advertise_mode > bgp.advertiseMode : upper
        bgp.0.advertised_groups > bgp.advertisedGroups : set
    """,
    "google_service_account": """
        display_name > displayName : text
        description > description : text
        disabled > disabled : bool
    """,
    "google_sql_database_instance": """
        database_version > databaseVersion : upper
        region > region : text
        settings.0.tier > settings.tier : text
        settings.0.availability_type > settings.availabilityType : upper
        settings.0.activation_policy > settings.activationPolicy : upper
        settings.0.disk_size > settings.dataDiskSizeGb : number
        settings.0.disk_type > settings.dataDiskType : upper
        settings.0.user_labels > settings.userLabels : labels
        settings.0.deletion_protection_enabled > settings.deletionProtectionEnabled : bool
        settings.0.database_flags > settings.databaseFlags : items
        settings.0.ip_configuration.0.ipv4_enabled > settings.ipConfiguration.ipv4Enabled : bool
        settings.0.ip_configuration.0.ssl_mode > settings.ipConfiguration.sslMode : upper
        settings.0.ip_configuration.0.private_network > settings.ipConfiguration.privateNetwork : path
        settings.0.backup_configuration.0.enabled > settings.backupConfiguration.enabled : bool
        settings.0.backup_configuration.0.point_in_time_recovery_enabled > settings.backupConfiguration.pointInTimeRecoveryEnabled : bool
        settings.0.backup_configuration.0.binary_log_enabled > settings.backupConfiguration.binaryLogEnabled : bool
    """,
    "google_container_cluster": """
        location > location : text
        network > networkConfig.network|network : last
        subnetwork > networkConfig.subnetwork|subnetwork : last
        description > description : text
        resource_labels > resourceLabels : labels
        enable_autopilot > autopilot.enabled : bool
        enable_shielded_nodes > shieldedNodes.enabled : bool
        enable_legacy_abac > legacyAbac.enabled : bool
        datapath_provider > networkConfig.datapathProvider : upper
        release_channel.0.channel > releaseChannel.channel : upper
        private_cluster_config.0.enable_private_nodes > privateClusterConfig.enablePrivateNodes : bool
        private_cluster_config.0.enable_private_endpoint > privateClusterConfig.enablePrivateEndpoint : bool
        private_cluster_config.0.master_ipv4_cidr_block > privateClusterConfig.masterIpv4CidrBlock : text
        workload_identity_config.0.workload_pool > workloadIdentityConfig.workloadPool : text
        binary_authorization.0.evaluation_mode > binaryAuthorization.evaluationMode : upper
        network_policy.0.enabled > networkPolicy.enabled : bool
        database_encryption.0.state > databaseEncryption.state : upper
        database_encryption.0.key_name > databaseEncryption.keyName : path
    """,
    "google_container_node_pool": """
        autoscaling.0.min_node_count > autoscaling.minNodeCount : number
        autoscaling.0.max_node_count > autoscaling.maxNodeCount : number
        management.0.auto_repair > management.autoRepair : bool
        management.0.auto_upgrade > management.autoUpgrade : bool
        node_config.0.machine_type > config.machineType : text
        node_config.0.disk_size_gb > config.diskSizeGb : number
        node_config.0.disk_type > config.diskType : text
        node_config.0.image_type > config.imageType : upper
        node_config.0.service_account > config.serviceAccount : text
        node_config.0.oauth_scopes > config.oauthScopes : scopes
        node_config.0.tags > config.tags : set
        node_config.0.spot > config.spot : bool
        node_config.0.preemptible > config.preemptible : bool
        node_config.0.labels > config.labels : labels
        node_config.0.shielded_instance_config.0.enable_secure_boot > config.shieldedInstanceConfig.enableSecureBoot : bool
        node_config.0.workload_metadata_config.0.mode > config.workloadMetadataConfig.mode : upper
    """,
    "google_pubsub_topic": f"""
        kms_key_name > kmsKeyName : path
        message_retention_duration > messageRetentionDuration : duration
        message_storage_policy.0.allowed_persistence_regions > messageStoragePolicy.allowedPersistenceRegions : set
        {_LABELS}
    """,
    "google_pubsub_subscription": f"""
        topic > topic : last
        ack_deadline_seconds > ackDeadlineSeconds : number
        message_retention_duration > messageRetentionDuration : duration
        retain_acked_messages > retainAckedMessages : bool
        enable_message_ordering > enableMessageOrdering : bool
        enable_exactly_once_delivery > enableExactlyOnceDelivery : bool
        filter > filter : words
        push_config.0.push_endpoint > pushConfig.pushEndpoint : text
        dead_letter_policy.0.dead_letter_topic > deadLetterPolicy.deadLetterTopic : last
        dead_letter_policy.0.max_delivery_attempts > deadLetterPolicy.maxDeliveryAttempts : number
        expiration_policy.0.ttl > expirationPolicy.ttl : duration
        {_LABELS}
    """,
    "google_bigquery_dataset": f"""
        location > location : upper
        friendly_name > friendlyName : text
        description > description : text
        default_table_expiration_ms > defaultTableExpirationMs : number
        default_encryption_configuration.0.kms_key_name > defaultEncryptionConfiguration.kmsKeyName : path
        {_LABELS}
    """,
    "google_bigquery_table": f"""
        friendly_name > friendlyName : text
        description > description : text
        clustering > clustering.fields : list
        time_partitioning.0.type > timePartitioning.type : upper
        time_partitioning.0.field > timePartitioning.field : text
        encryption_configuration.0.kms_key_name > encryptionConfiguration.kmsKeyName : path
        {_LABELS}
    """,
    "google_kms_key_ring": "location > name : location",
    "google_kms_crypto_key": f"""
        purpose > purpose : upper
        rotation_period > rotationPeriod : duration
        destroy_scheduled_duration > destroyScheduledDuration : duration
        version_template.0.algorithm > versionTemplate.algorithm : upper
        version_template.0.protection_level > versionTemplate.protectionLevel : upper
        {_LABELS}
    """,
    "google_secret_manager_secret": f"""
        replication.0.user_managed.0.replicas.*.location > replication.userManaged.replicas.*.location : set
        rotation.0.rotation_period > rotation.rotationPeriod : duration
        annotations > annotations : labels
        {_LABELS}
    """,
    "google_cloud_run_v2_service": """
        ingress > metadata.annotations.run\\.googleapis\\.com/ingress|ingress : ingress
        labels > metadata.labels|labels : labels
        template.0.containers.0.image > spec.template.spec.containers.0.image|template.containers.0.image : text
        template.0.service_account > spec.template.spec.serviceAccountName|template.serviceAccount : text
        template.0.timeout > spec.template.spec.timeoutSeconds|template.timeout : duration
        template.0.max_instance_request_concurrency > spec.template.spec.containerConcurrency|template.maxInstanceRequestConcurrency : number
        template.0.containers.0.resources.0.limits > spec.template.spec.containers.0.resources.limits|template.containers.0.resources.limits : labels
    """,
    "google_cloudfunctions2_function": f"""
        description > description : text
        build_config.0.runtime > buildConfig.runtime : text
        build_config.0.entry_point > buildConfig.entryPoint : text
        service_config.0.available_memory > serviceConfig.availableMemory : text
        service_config.0.timeout_seconds > serviceConfig.timeoutSeconds : number
        service_config.0.ingress_settings > serviceConfig.ingressSettings : upper
        service_config.0.service_account_email > serviceConfig.serviceAccountEmail : text
        service_config.0.min_instance_count > serviceConfig.minInstanceCount : number
        service_config.0.max_instance_count > serviceConfig.maxInstanceCount : number
        {_LABELS}
    """,
    "google_dns_managed_zone": f"""
        dns_name > dnsName : text
        visibility > visibility : upper
        description > description : text
        dnssec_config.0.state > dnssecConfig.state : upper
        cloud_logging_config.0.enable_logging > cloudLoggingConfig.enableLogging : bool
        {_LABELS}
    """,
    "google_logging_project_sink": """
        destination > destination : text
        filter > filter : words
        description > description : text
        disabled > disabled : bool
    """,
    "google_logging_project_bucket_config": """
        retention_days > retentionDays : number
        description > description : text
        locked > locked : bool
    """,
    "google_artifact_registry_repository": f"""
        format > format : upper
        mode > mode : upper
        description > description : text
        kms_key_name > kmsKeyName : path
        docker_config.0.immutable_tags > dockerConfig.immutableTags : bool
        {_LABELS}
    """,
    "google_cloud_scheduler_job": """
        schedule > schedule : text
        time_zone > timeZone : text
        description > description : text
    """,
    "google_redis_instance": f"""
        tier > tier : upper
        memory_size_gb > memorySizeGb : number
        redis_version > redisVersion : upper
        authorized_network > authorizedNetwork : last
        connect_mode > connectMode : upper
        auth_enabled > authEnabled : bool
        transit_encryption_mode > transitEncryptionMode : upper
        {_LABELS}
    """,
}
_SAME_AS = {
    "google_logging_folder_sink": "google_logging_project_sink",
    "google_logging_organization_sink": "google_logging_project_sink",
}


@dataclass(frozen=True)
class Attribute:
    """`paths`: where the asset may have it, each as its steps."""

    name: str
    steps: tuple[str, ...]
    paths: tuple[tuple[str, ...], ...]
    kind: str


@functools.cache
def attributes_of(type_: str) -> tuple[Attribute, ...] | None:
    """The attributes compared for a Terraform type; None when none are."""
    text = TABLE.get(_SAME_AS.get(type_, type_))
    if text is None:
        return None
    return tuple(_attribute(line) for line in text.strip().splitlines() if line.strip())


def _attribute(line: str) -> Attribute:
    name, _, rest = line.strip().partition(" > ")
    paths, _, kind = rest.rpartition(" : ")
    return Attribute(name, _steps(name), tuple(_steps(path) for path in paths.split("|")), kind)


def _steps(path: str) -> tuple[str, ...]:
    r"""`a.b\.c` -> a, b.c"""
    return tuple(step.replace("\0", ".") for step in path.replace("\\.", "\0").split("."))
