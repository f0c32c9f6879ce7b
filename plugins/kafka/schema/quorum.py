"""The quorum of the controllers."""

TEXT = """\
52 Vote 0-2 0+
 request
  cluster_id string?
  voter_id int32 1+
  topics []
   topic_name string
   partitions []
    partition_index int32
    replica_epoch int32
    replica_id int32
    replica_directory_id uuid 1+
    voter_directory_id uuid 1+
    last_offset_epoch int32
    last_offset int64
    pre_vote bool 2+
 response
  error_code int16
  topics []
   topic_name string
   partitions []
    partition_index int32
    error_code int16
    leader_id int32
    leader_epoch int32
    vote_granted bool
  node_endpoints [] 1+ tag0
   node_id int32
   host string
   port uint16
53 BeginQuorumEpoch 0-1 1+
 request
  cluster_id string?
  voter_id int32 1+
  topics []
   topic_name string
   partitions []
    partition_index int32
    voter_directory_id uuid 1+
    leader_id int32
    leader_epoch int32
  leader_endpoints [] 1+
   name string
   host string
   port uint16
 response
  error_code int16
  topics []
   topic_name string
   partitions []
    partition_index int32
    error_code int16
    leader_id int32
    leader_epoch int32
  node_endpoints [] 1+ tag0
   node_id int32
   host string
   port uint16
54 EndQuorumEpoch 0-1 1+
 request
  cluster_id string?
  topics []
   topic_name string
   partitions []
    partition_index int32
    leader_id int32
    leader_epoch int32
    preferred_candidates [] 1+
     candidate_id int32
     candidate_directory_id uuid
    preferred_successors []int32 0-0
  leader_endpoints [] 1+
   name string
   host string
   port uint16
 response
  error_code int16
  topics []
   topic_name string
   partitions []
    partition_index int32
    error_code int16
    leader_id int32
    leader_epoch int32
  node_endpoints [] 1+ tag0
   node_id int32
   host string
   port uint16
55 DescribeQuorum 0-2 0+
 request
  topics []
   topic_name string
   partitions []
    partition_index int32
 response
  error_code int16
  error_message string? 2+
  topics []
   topic_name string
   partitions []
    partition_index int32
    error_code int16
    error_message string? 2+
    leader_id int32
    leader_epoch int32
    high_watermark int64
    current_voters []
     replica_id int32
     replica_directory_id uuid 2+
     log_end_offset int64
     last_fetch_timestamp int64 1+
     last_caught_up_timestamp int64 1+
    observers []
     replica_id int32
     replica_directory_id uuid 2+
     log_end_offset int64
     last_fetch_timestamp int64 1+
     last_caught_up_timestamp int64 1+
  nodes [] 2+
   node_id int32
   listeners []
    name string
    host string
    port uint16
59 FetchSnapshot 0-1 0+
 request
  cluster_id string? tag0
  replica_id int32
  max_bytes int32
  topics []
   name string
   partitions []
    partition int32
    current_leader_epoch int32
    snapshot_id {}
     end_offset int64
     epoch int32
    position int64
    replica_directory_id uuid 1+ tag0
 response
  throttle_time_ms int32
  error_code int16
  topics []
   name string
   partitions []
    index int32
    error_code int16
    snapshot_id {}
     end_offset int64
     epoch int32
    current_leader {} tag0
     leader_id int32
     leader_epoch int32
    size int64
    position int64
    unaligned_records records
  node_endpoints [] 1+ tag0
   node_id int32
   host string
   port uint16
80 AddRaftVoter 0-1 0+
 request
  cluster_id string?
  timeout_ms int32
  voter_id int32
  voter_directory_id uuid
  listeners []
   name string
   host string
   port uint16
  ack_when_committed bool 1+
 response
  throttle_time_ms int32
  error_code int16
  error_message string?
81 RemoveRaftVoter 0-0 0+
 request
  cluster_id string?
  voter_id int32
  voter_directory_id uuid
 response
  throttle_time_ms int32
  error_code int16
  error_message string?
82 UpdateRaftVoter 0-0 0+
 request
  cluster_id string?
  current_leader_epoch int32
  voter_id int32
  voter_directory_id uuid
  listeners []
   name string
   host string
   port uint16
  k_raft_version_feature {}
   min_supported_version int16
   max_supported_version int16
 response
  throttle_time_ms int32
  error_code int16
  current_leader {} tag0
   leader_id int32
   leader_epoch int32
   host string
   port int32
"""
