"""Records, offsets and topics."""

TEXT = """\
0 Produce 0-13 9+
 request
  transactional_id string? 3+
  acks int16
  timeout_ms int32
  topics []
   name string 0-12
   topic_id uuid 13+
   partitions []
    index int32
    message_set records?
 response
  topics []
   name string 0-12
   topic_id uuid 13+
   partitions []
    index int32
    error_code int16
    base_offset int64
    log_append_time_ms int64 2+
    log_start_offset int64 5+
    record_errors [] 8+
     batch_index int32
     error_message string?
    error_message string? 8+
    current_leader {} 10+ tag0
     leader_id int32
     leader_epoch int32
  throttle_time_ms int32 1+
  node_endpoints [] 10+ tag0
   node_id int32
   host string
   port int32
   rack string?
1 Fetch 0-18 12+
 request
  cluster_id string? 12+ tag0
  replica_id int32 0-14
  replica_state {} 15+ tag1
   replica_id int32
   replica_epoch int64
  max_wait_ms int32
  min_bytes int32
  max_bytes int32 3+
  isolation_level int8 4+
  session_id int32 7+
  session_epoch int32 7+
  topics []
   name string 0-12
   topic_id uuid 13+
   partitions []
    index int32
    current_leader_epoch int32 9+
    fetch_offset int64
    last_fetched_epoch int32 12+
    log_start_offset int64 5+
    partition_max_bytes int32
    replica_directory_id uuid 17+ tag0
    high_watermark int64 18+ tag1
  forgotten_topics [] 7+
   name string 7-12
   topic_id uuid 13+
   partition_indices []int32
  rack_id string 11+
 response
  throttle_time_ms int32 1+
  error_code int16 7+
  session_id int32 7+
  topics []
   name string 0-12
   topic_id uuid 13+
   partitions []
    index int32
    error_code int16
    high_watermark int64
    last_stable_offset int64 4+
    log_start_offset int64 5+
    diverging_epoch {} 12+ tag0
     epoch int32
     end_offset int64
    current_leader {} 12+ tag1
     leader_id int32
     leader_epoch int32
    snapshot_id {} 12+ tag2
     end_offset int64
     epoch int32
    aborted_transactions []? 4+
     producer_id int64
     first_offset int64
    preferred_read_replica int32 11+
    message_set records?
  node_endpoints [] 16+ tag0
   node_id int32
   host string
   port int32
   rack string?
2 ListOffsets 0-11 6+
 request
  replica_id int32
  isolation_level int8 2+
  topics []
   name string
   partitions []
    partition_index int32
    current_leader_epoch int32 4+
    timestamp int64
    max_num_offsets int32 0-0
  timeout_ms int32 10+
 response
  throttle_time_ms int32 2+
  topics []
   name string
   partitions []
    partition_index int32
    error_code int16
    old_style_offsets []int64 0-0
    timestamp int64 1+
    offset int64 1+
    leader_epoch int32 4+
3 Metadata 0-13 9+
 request
  topics []?1
   topic_id uuid 10+
   name string?10
  allow_auto_topic_creation bool 4+
  include_cluster_authorized_operations bool 8-10
  include_topic_authorized_operations bool 8+
 response
  throttle_time_ms int32 3+
  brokers []
   node_id int32
   host string
   port int32
   rack string? 1+
  cluster_id string? 2+
  controller_id int32 1+
  topics []
   error_code int16
   name string?12
   topic_id uuid 10+
   is_internal bool 1+
   partitions []
    error_code int16
    partition_index int32
    leader_id int32
    leader_epoch int32 7+
    replica_nodes []int32
    isr_nodes []int32
    offline_replicas []int32 5+
   topic_authorized_operations int32 8+
  cluster_authorized_operations int32 8-10
  error_code int16 13+
19 CreateTopics 0-7 5+
 request
  topics []
   name string
   num_partitions int32
   replication_factor int16
   assignments []
    partition_index int32
    broker_ids []int32
   configs []
    name string
    value string? config
  timeout_ms int32
  validate_only bool 1+
 response
  throttle_time_ms int32 2+
  topics []
   name string
   topic_id uuid 7+
   error_code int16
   error_message string? 1+
   topic_config_error_code int16 5+ tag0
   num_partitions int32 5+
   replication_factor int16 5+
   configs []? 5+
    name string
    value string? config
    read_only bool
    config_source int8
    is_sensitive bool
20 DeleteTopics 0-6 4+
 request
  topics [] 6+
   name string?
   topic_id uuid
  topic_names []string 0-5
  timeout_ms int32
 response
  throttle_time_ms int32 1+
  responses []
   name string?6
   topic_id uuid 6+
   error_code int16
   error_message string? 5+
21 DeleteRecords 0-2 2+
 request
  topics []
   name string
   partitions []
    partition_index int32
    offset int64
  timeout_ms int32
 response
  throttle_time_ms int32
  topics []
   name string
   partitions []
    partition_index int32
    low_watermark int64
    error_code int16
23 OffsetForLeaderEpoch 0-4 4+
 request
  replica_id int32 3+
  topics []
   topic string
   partitions []
    partition int32
    current_leader_epoch int32 2+
    leader_epoch int32
 response
  throttle_time_ms int32 2+
  topics []
   topic string
   partitions []
    error_code int16
    partition int32
    leader_epoch int32 1+
    end_offset int64
37 CreatePartitions 0-3 2+
 request
  topics []
   name string
   count int32
   assignments []?
    broker_ids []int32
  timeout_ms int32
  validate_only bool
 response
  throttle_time_ms int32
  results []
   name string
   error_code int16
   error_message string?
75 DescribeTopicPartitions 0-0 0+
 request
  topics []
   name string
  response_partition_limit int32
  cursor {}?
   topic_name string
   partition_index int32
 response
  throttle_time_ms int32
  topics []
   error_code int16
   name string?
   topic_id uuid
   is_internal bool
   partitions []
    error_code int16
    partition_index int32
    leader_id int32
    leader_epoch int32
    replica_nodes []int32
    isr_nodes []int32
    eligible_leader_replicas []int32?
    last_known_elr []int32?
    offline_replicas []int32
   topic_authorized_operations int32
  next_cursor {}?
   topic_name string
   partition_index int32
"""
