/// Every setting of Landfall's own. `LANDFALL_QUEUE_URL` in the environment is `queue_url` in the file.
enum SettingName: String, CaseIterable {
    case backend, localRoot = "local_root", queueURL = "queue_url", dlqURL = "dlq_url", jobsTable = "jobs_table"
    case topicARN = "topic_arn", eventBus = "event_bus", workDir = "work_dir", output, pipelines
    case databaseURL = "database_url", databaseSecret = "database_secret", concurrency, memory
    case adminAddress = "admin_address", logLevel = "log_level", keepScratch = "keep_scratch", keepFailed = "keep_failed"
    case activityARN = "activity_arn"
    case leaseSeconds = "lease_seconds", maxAttempts = "max_attempts", drainSeconds = "drain_seconds"

    var variable: String { "LANDFALL_" + rawValue.uppercased() }
}
