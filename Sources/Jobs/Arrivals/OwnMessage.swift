/// Our own message form, by which a job is asked for again: what ``MessageReading`` reads as the same arrival.
package struct OwnMessage: Encodable {
    // The names are the message's.
    private let landfall = 1
    private let source, bucket, key: String
    private let version, etag, sequencer, pipeline: String?
    private let size: Int64?

    /// `pipeline` nil: the first that takes the arrival.
    package init(_ arrival: Arrival, pipeline: String?) {
        source = arrival.source
        bucket = arrival.bucket
        key = arrival.key
        version = arrival.version
        etag = arrival.etag
        sequencer = arrival.sequencer
        size = arrival.size
        self.pipeline = pipeline
    }
}
