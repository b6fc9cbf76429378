import SigV4

/// Which job an arrival is for a pipeline: the same arrival twice is the same job.
package enum JobID {
    /// 32 hexadecimal digits of a SHA-256 over pipeline, bucket, key and version (where there is none: the etag).
    package static func of(_ arrival: Arrival, pipeline: String) -> String {
        let parts = [pipeline, arrival.bucket, arrival.key, arrival.identity]
        // Lengths keep `a` + `bc` apart from `ab` + `c`.
        let text = parts.map { "\($0.utf8.count):\($0)" }.joined()
        return String(SHA256.hexadecimal(text).prefix(32))
    }
}
