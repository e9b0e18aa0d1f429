"""Attributes compared: accounts, data, containers and other services. See attributes.py for the notation."""

from __future__ import annotations

_LABELS = "labels > labels : labels"

TABLE = {
    "google_service_account": """
        display_name > displayName : text
        description > description : text
        disabled > disabled : bool
    """,
    "google_sql_database_instance": """
        database_version > databaseVersion : upper
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
    "google_kms_key_ring": "",
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
