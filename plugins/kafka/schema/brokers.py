"""Between brokers and controllers."""

TEXT = """\
4 LeaderAndIsr 0-7 4+
 request
  controller_id int32
  is_kraft_controller bool 7+
  controller_epoch int32
  broker_epoch int64 2+
  type int8 5+
  ungrouped_partition_states [] 0-1
   topic_name string
   partition_index int32
   controller_epoch int32
   leader int32
   leader_epoch int32
   isr []int32
   zk_version int32
   replicas []int32
   is_new bool 1+
  topic_states [] 2+
   topic_name string
   topic_id uuid 5+
   partition_states []
    partition_index int32
    controller_epoch int32
    leader int32
    leader_epoch int32
    isr []int32
    partition_epoch int32
    replicas []int32
    adding_replicas []int32 3+
    removing_replicas []int32 3+
    is_new bool 1+
    leader_recovery_state int8 6+
  live_leaders []
   broker_id int32
   host_name string
   port int32
 response
  error_code int16
  partition_errors [] 0-4
   topic_name string
   partition_index int32
   error_code int16
  topics [] 5+
   topic_id uuid
   partition_errors []
    partition_index int32
    error_code int16
5 StopReplica 0-4 2+
 request
  controller_id int32
  is_kraft_controller bool 4+
  controller_epoch int32
  broker_epoch int64 1+
  delete_partitions bool 0-2
  ungrouped_partitions [] 0-0
   topic_name string
   partition_index int32
  topics [] 1-2
   name string
   partition_indexes []int32
  topic_states [] 3+
   topic_name string
   partition_states []
    partition_index int32
    leader_epoch int32
    delete_partition bool
 response
  error_code int16
  partition_errors []
   topic_name string
   partition_index int32
   error_code int16
6 UpdateMetadata 0-7 6+
 request
  controller_id int32
  controller_epoch int32
  broker_epoch int64 5+
  ungrouped_partition_states [] 0-4
   topic_name string
   partition_index int32
   controller_epoch int32
   leader int32
   leader_epoch int32
   isr []int32
   zk_version int32
   replicas []int32
   offline_replicas []int32 4+
  topic_states [] 5+
   topic_name string
   topic_id uuid 7+
   partition_states []
    partition_index int32
    controller_epoch int32
    leader int32
    leader_epoch int32
    isr []int32
    zk_version int32
    replicas []int32
    offline_replicas []int32
  live_brokers []
   id int32
   v0_host string 0-0
   v0_port int32 0-0
   endpoints [] 1+
    port int32
    host string
    listener string 3+
    security_protocol int16
   rack string? 2+
 response
  error_code int16
7 ControlledShutdown 0-3 3+
 request
  broker_id int32
  broker_epoch int64 2+
 response
  error_code int16
  remaining_partitions []
   topic_name string
   partition_index int32
56 AlterPartition 2-3 2+
 request
  broker_id int32
  broker_epoch int64
  topics []
   topic_id uuid
   partitions []
    partition_index int32
    leader_epoch int32
    new_isr_with_epochs [] 3+
     broker_id int32
     broker_epoch int64
    new_isr []int32 0-2
    leader_recovery_state int8
    partition_epoch int32
 response
  throttle_time_ms int32
  error_code int16
  topics []
   topic_id uuid
   partitions []
    partition_index int32
    error_code int16
    leader_id int32
    leader_epoch int32
    isr []int32
    leader_recovery_state int8
    partition_epoch int32
58 Envelope 0-0 0+
 request
  request_data bytes secret
  request_principal bytes? secret
  client_host_address bytes
 response
  response_data bytes? secret
  error_code int16
62 BrokerRegistration 0-4 0+
 request
  broker_id int32
  cluster_id string
  incarnation_id uuid
  listeners []
   name string
   host string
   port uint16
   security_protocol int16
  features []
   name string
   min_supported_version int16
   max_supported_version int16
  rack string?
  is_migrating_zk_broker bool 1+
  log_dirs []uuid 2+
  previous_broker_epoch int64 3+
 response
  throttle_time_ms int32
  error_code int16
  broker_epoch int64
63 BrokerHeartbeat 0-2 0+
 request
  broker_id int32
  broker_epoch int64
  current_metadata_offset int64
  want_fence bool
  want_shut_down bool
  offline_log_dirs []uuid 1+ tag0
  cordoned_log_dirs []uuid? 2+ tag1
 response
  throttle_time_ms int32
  error_code int16
  is_caught_up bool
  is_fenced bool
  should_shut_down bool
64 UnregisterBroker 0-0 0+
 request
  broker_id int32
 response
  throttle_time_ms int32
  error_code int16
  error_message string?
70 ControllerRegistration 0-0 0+
 request
  controller_id int32
  incarnation_id uuid
  zk_migration_ready bool
  listeners []
   name string
   host string
   port uint16
   security_protocol int16
  features []
   name string
   min_supported_version int16
   max_supported_version int16
 response
  throttle_time_ms int32
  error_code int16
  error_message string?
73 AssignReplicasToDirs 0-0 0+
 request
  broker_id int32
  broker_epoch int64
  directories []
   id_ uuid
   topics []
    topic_id uuid
    partitions []
     partition_index int32
 response
  throttle_time_ms int32
  error_code int16
  directories []
   id_ uuid
   topics []
    topic_id uuid
    partitions []
     partition_index int32
     error_code int16
"""
