"""Share groups."""

TEXT = """\
76 ShareGroupHeartbeat 1-1 1+
 request
  group_id string
  member_id string
  member_epoch int32
  rack_id string?
  subscribed_topic_names []string?
 response
  throttle_time_ms int32
  error_code int16
  error_message string?
  member_id string?
  member_epoch int32
  heartbeat_interval_ms int32
  assignment {}?
   topic_partitions []
    topic_id uuid
    partitions []int32
77 ShareGroupDescribe 1-1 1+
 request
  group_ids []string
  include_authorized_operations bool
 response
  throttle_time_ms int32
  groups []
   error_code int16
   error_message string?
   group_id string
   group_state string
   group_epoch int32
   assignment_epoch int32
   assignor_name string
   members []
    member_id string
    rack_id string?
    member_epoch int32
    client_id string
    client_host string
    subscribed_topic_names []string
    assignment {}
     topic_partitions []
      topic_id uuid
      topic_name string
      partitions []int32
   authorized_operations int32
78 ShareFetchableTopic 1-2 1+
 request
  group_id string?
  member_id string?
  share_session_epoch int32
  max_wait_ms int32
  min_bytes int32
  max_bytes int32
  max_records int32
  batch_size int32
  share_acquire_mode int8 2+
  is_renew_ack bool 2+
  topics []
   topic_id uuid
   partitions []
    partition_index int32
    acknowledgement_batches []
     first_offset int64
     last_offset int64
     acknowledge_types []int8
  forgotten_topics_data []
   topic_id uuid
   partitions []int32
 response
  topic_id uuid
  partitions []
   partition_index int32
   error_code int16
   error_message string?
   acknowledge_error_code int16
   acknowledge_error_message string?
   current_leader {}
    leader_id int32
    leader_epoch int32
   records records
   acquired_records []
    first_offset int64
    last_offset int64
    delivery_count int16
79 ShareAcknowledgeTopic 1-2 1+
 request
  group_id string?
  member_id string?
  share_session_epoch int32
  is_renew_ack bool 2+
  topics []
   topic_id uuid
   partitions []
    partition_index int32
    acknowledgement_batches []
     first_offset int64
     last_offset int64
     acknowledge_types []int8
 response
  topic_id uuid
  partitions []
   partition_index int32
   error_code int16
   error_message string?
   current_leader {}
    leader_id int32
    leader_epoch int32
83 InitializeShareGroupState 0-0 0+
 request
  group_id string
  topics []
   topic_id uuid
   partitions []
    partition int32
    state_epoch int32
    start_offset int64
 response
  results []
   topic_id uuid
   partitions []
    partition int32
    error_code int16
    error_message string?
84 ReadShareGroupState 0-0 0+
 request
  group_id string
  topics []
   topic_id uuid
   partitions []
    partition int32
    leader_epoch int32
 response
  results []
   topic_id uuid
   partitions []
    partition int32
    error_code int16
    error_message string?
    state_epoch int32
    start_offset int64
    state_batches []
     first_offset int64
     last_offset int64
     delivery_state int8
     delivery_count int16
85 WriteShareGroupState 0-1 0+
 request
  group_id string
  topics []
   topic_id uuid
   partitions []
    partition int32
    state_epoch int32
    leader_epoch int32
    start_offset int64
    delivery_complete_count int32 1+
    state_batches []
     first_offset int64
     last_offset int64
     delivery_state int8
     delivery_count int16
 response
  results []
   topic_id uuid
   partitions []
    partition int32
    error_code int16
    error_message string?
86 DeleteShareGroupState 0-0 0+
 request
  group_id string
  topics []
   topic_id uuid
   partitions []
    partition int32
 response
  results []
   topic_id uuid
   partitions []
    partition int32
    error_code int16
    error_message string?
87 ReadShareGroupStateSummary 0-1 0+
 request
  group_id string
  topics []
   topic_id uuid
   partitions []
    partition int32
    leader_epoch int32
 response
  results []
   topic_id uuid
   partitions []
    partition int32
    error_code int16
    error_message string?
    state_epoch int32
    leader_epoch int32
    start_offset int64
    delivery_complete_count int32 1+
90 DescribeShareGroupOffsets 0-1 0+
 request
  groups []
   group_id string
   topics []?
    topic_name string
    partitions []int32
 response
  throttle_time_ms int32
  groups []
   group_id string
   topics []
    topic_name string
    topic_id uuid
    partitions []
     partition_index int32
     start_offset int64
     leader_epoch int32
     lag int64 1+
     error_code int16
     error_message string?
   error_code int16
   error_message string?
91 AlterShareGroupOffsets 0-0 0+
 request
  group_id string
  topics []
   topic_name string
   partitions []
    partition_index int32
    start_offset int64
 response
  throttle_time_ms int32
  error_code int16
  error_message string?
  responses []
   topic_name string
   topic_id uuid
   partitions []
    partition_index int32
    error_code int16
    error_message string?
92 DeleteShareGroupOffsets 0-0 0+
 request
  group_id string
  topics []
   topic_name string
 response
  throttle_time_ms int32
  error_code int16
  error_message string?
  responses []
   topic_name string
   topic_id uuid
   error_code int16
   error_message string?
"""
