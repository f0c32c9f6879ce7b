"""Configuration, placement, telemetry."""

TEXT = """\
32 DescribeConfigs 0-4 4+
 request
  resources []
   resource_type int8
   resource_name string
   configuration_keys []string?
  include_synonyms bool 1+
  include_documentation bool 3+
 response
  throttle_time_ms int32
  results []
   error_code int16
   error_message string?
   resource_type int8
   resource_name string
   configs []
    name string
    value string? config
    read_only bool
    config_source int8 1+
    is_default bool 0-0
    is_sensitive bool
    synonyms [] 1+
     name string
     value string? config
     source int8
    config_type int8 3+
    documentation string? 3+
33 AlterConfigs 0-2 2+
 request
  resources []
   resource_type int8
   resource_name string
   configs []
    name string
    value string? config
  validate_only bool
 response
  throttle_time_ms int32
  responses []
   error_code int16
   error_message string?
   resource_type int8
   resource_name string
34 AlterReplicaLogDirs 0-2 2+
 request
  dirs []
   path string
   topics []
    name string
    partitions []int32
 response
  throttle_time_ms int32
  results []
   topic_name string
   partitions []
    partition_index int32
    error_code int16
35 DescribeLogDirs 0-5 2+
 request
  topics []?
   topic string
   partitions []int32
 response
  throttle_time_ms int32
  error_code int16 3+
  results []
   error_code int16
   log_dir string
   topics []
    name string
    partitions []
     partition_index int32
     partition_size int64
     offset_lag int64
     is_future_key bool
   total_bytes int64 4+
   usable_bytes int64 4+
   is_cordoned bool 5+
43 ElectLeaders 0-2 2+
 request
  election_type int8 1+
  topic_partitions []?
   topic string
   partitions []int32
  timeout_ms int32
 response
  throttle_time_ms int32
  error_code int16 1+
  replica_election_results []
   topic string
   partition_result []
    partition_id int32
    error_code int16
    error_message string?
44 IncrementalAlterConfigs 0-1 1+
 request
  resources []
   resource_type int8
   resource_name string
   configs []
    name string
    config_operation int8
    value string? config
  validate_only bool
 response
  throttle_time_ms int32
  responses []
   error_code int16
   error_message string?
   resource_type int8
   resource_name string
45 AlterPartitionReassignments 0-1 0+
 request
  timeout_ms int32
  allow_replication_factor_change bool 1+
  topics []
   name string
   partitions []
    partition_index int32
    replicas []int32?
 response
  throttle_time_ms int32
  allow_replication_factor_change bool 1+
  error_code int16
  error_message string?
  responses []
   name string
   partitions []
    partition_index int32
    error_code int16
    error_message string?
46 ListPartitionReassignments 0-0 0+
 request
  timeout_ms int32
  topics []?
   name string
   partition_indexes []int32
 response
  throttle_time_ms int32
  error_code int16
  error_message string?
  topics []
   name string
   partitions []
    partition_index int32
    replicas []int32
    adding_replicas []int32
    removing_replicas []int32
57 UpdateFeatures 0-2 0+
 request
  timeout_ms int32
  feature_updates []
   feature string
   max_version_level int16
   allow_downgrade bool 0-0
   upgrade_type int8 1+
  validate_only bool 1+
 response
  throttle_time_ms int32
  error_code int16
  error_message string?
  results [] 0-1
   feature string
   error_code int16
   error_message string?
60 DescribeCluster 0-2 0+
 request
  include_cluster_authorized_operations bool
  endpoint_type int8 1+
  include_fenced_brokers bool 2+
 response
  throttle_time_ms int32
  error_code int16
  error_message string?
  endpoint_type int8 1+
  cluster_id string
  controller_id int32
  brokers []
   broker_id int32
   host string
   port int32
   rack string?
   is_fenced bool 2+
  cluster_authorized_operations int32
71 GetTelemetrySubscriptions 0-0 0+
 request
  client_instance_id uuid
 response
  throttle_time_ms int32
  error_code int16
  client_instance_id uuid
  subscription_id int32
  accepted_compression_types []int8
  push_interval_ms int32
  telemetry_max_bytes int32
  delta_temporality bool
  requested_metrics []string
72 PushTelemetry 0-0 0+
 request
  client_instance_id uuid
  subscription_id int32
  terminating bool
  compression_type int8
  metrics bytes
 response
  throttle_time_ms int32
  error_code int16
74 ListConfigResources 0-1 0+
 request
  resource_types []int8 1+
 response
  throttle_time_ms int32
  error_code int16
  config_resources []
   resource_name string
   resource_type int8 1+
"""
