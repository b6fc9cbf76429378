import Jobs
import Testing

struct JobIDTests {
    private static let one = Arrival(bucket: "raw", key: "orders/1.csv", version: "v1", etag: "e1", size: 12, sequencer: "00A")

    @Test("an id is the first 32 digits of a hash over length and text of pipeline, bucket, key and version")
    func golden() {
        // sha256("6:orders3:raw12:orders/1.csv2:v1")
        #expect(JobID.of(Self.one, pipeline: "orders") == "3045da1055f75631fde8bec5645634bd")
    }

    @Test("another delivery of the same version is the same job")
    func stable() {
        var again = Self.one
        again.sequencer = nil
        again.size = nil
        again.etag = "another"
        #expect(JobID.of(again, pipeline: "orders") == JobID.of(Self.one, pipeline: "orders"))
    }

    @Test("another pipeline, bucket, key or version is another job, and so is the same text cut elsewhere")
    func separate() {
        func id(_ pipeline: String, _ bucket: String, _ key: String, _ version: String?, _ etag: String? = nil) -> String {
            JobID.of(Arrival(bucket: bucket, key: key, version: version, etag: etag), pipeline: pipeline)
        }
        let ids = [
            id("orders", "raw", "a", "v1"), id("order", "raw", "a", "v1"), id("orders", "ra", "a", "v1"),
            id("orders", "raw", "b", "v1"), id("orders", "raw", "a", "v2"), id("orders", "raw", "a", nil),
            id("orders", "raw", "a", nil, "v3"), id("order", "sraw", "a", "v1"), id("orders", "rawa", "", "v1"),
            id("orders", "raw", "av1", ""), id("", "raw", "a", "v1"),
        ]
        #expect(Set(ids).count == ids.count)
        #expect(ids.allSatisfy { $0.count == 32 && $0.allSatisfy(\.isHexDigit) })
    }

    @Test("where there is no version the etag tells contents apart")
    func etag() {
        let first = Arrival(bucket: "raw", key: "a", etag: "e1")
        let second = Arrival(bucket: "raw", key: "a", etag: "e2")
        #expect(JobID.of(first, pipeline: "p") != JobID.of(second, pipeline: "p"))
        #expect(JobID.of(first, pipeline: "p") == JobID.of(Arrival(bucket: "raw", key: "a", etag: "e1", size: 7), pipeline: "p"))
    }
}
