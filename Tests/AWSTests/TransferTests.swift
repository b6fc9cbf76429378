import FoundationEssentials
import HTTP
import SigV4
import Testing

@testable import AWS

@Suite("Checksums and parts of S3, against an emulator", .enabled(if: Moto.url != nil))
struct TransferTests {
    @Test("an object goes up with each checksum and is verified below", arguments: ChecksumAlgorithm.kept)
    func checksums(algorithm: ChecksumAlgorithm) async throws {
        let client = try Moto.client()
        let bucket = try await client.makeBucket()
        var s3 = client.s3
        s3.uploadChecksum = algorithm
        s3.expectedBucketOwner = "123456789012"
        try await withScratch { folder in
            let bytes = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
            try Data(bytes).write(to: URL(filePath: "\(folder)/up"))
            _ = try await s3.putObject(bucket: bucket, key: "f", body: .file(path: "\(folder)/up"))
            _ = try await s3.getObject(bucket: bucket, key: "f", to: "\(folder)/down", maxBytes: 1 << 20)
            #expect(try readFile("\(folder)/down") == bytes)
            _ = try await s3.putObject(bucket: bucket, key: "b", body: .bytes(bytes))
            #expect(try await s3.getBytes(bucket: bucket, key: "b", maxBytes: 1 << 20).bytes == bytes)
        }
    }

    @Test("a body in chunks arrives as the file was", arguments: [0, 1, 1 << 20, (1 << 20) + 1, 3_000_000])
    func trailers(size: Int) async throws {
        let client = try Moto.client()
        let bucket = try await client.makeBucket()
        try await withScratch { folder in
            let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 13) }
            try Data(bytes).write(to: URL(filePath: "\(folder)/up"))
            var call = try client.s3.call("PutObject", "PUT", bucket: bucket, key: "k")
            client.s3.setTrailedBody("\(folder)/up", Int64(size), &call)
            _ = try await client.perform(call)
            #expect(try await client.s3.getBytes(bucket: bucket, key: "k", maxBytes: 4 << 20).bytes == bytes)
        }
    }

    @Test("an object is copied with its metadata, and only over nothing where that is asked")
    func copying() async throws {
        let client = try Moto.client()
        let bucket = try await client.makeBucket()
        let key = "a +é/ö.csv"
        let written = try await client.s3.putObject(
            bucket: bucket, key: key, body: .bytes([1, 2]), metadata: ["origin": "x"])
        let etag = try #require(written.etag)
        let copy = try await client.s3.copyObject(
            fromBucket: bucket, fromKey: key, version: .etag(etag), toBucket: bucket, toKey: "copy")
        #expect(copy.etag == etag)
        #expect(try await client.s3.headObject(bucket: bucket, key: "copy").metadata == ["origin": "x"])
        let missing = await awsError { () async throws(AWSError) in
            _ = try await client.s3.copyObject(fromBucket: bucket, fromKey: "absent", toBucket: bucket, toKey: "c")
        }
        #expect(missing?.kind == .notFound)
    }

    @Test("uploads that were left behind are aborted, young ones stay")
    func abandoned() async throws {
        let client = try Moto.client()
        let bucket = try await client.makeBucket()
        for key in ["k", "k2"] {
            var call = try client.s3.call("CreateMultipartUpload", "POST", bucket: bucket, key: key)
            call.query = [(name: "uploads", value: "")]
            _ = try await client.perform(call)
        }
        #expect(try await client.s3.abortUploads(bucket: bucket, key: "k", olderThanSeconds: 1 << 40) == 0)
        #expect(try await client.s3.abortUploads(bucket: bucket, key: "k", olderThanSeconds: -(1 << 40)) == 1)
        #expect(try await client.s3.abortUploads(bucket: bucket, key: "k", olderThanSeconds: -(1 << 40)) == 0)
    }

    @Test("a batch says which of its receipts it could not delete, in as many requests as it takes")
    func batches() async throws {
        let client = try Moto.client()
        let queue = try await client.makeQueue()
        for number in 0..<12 { _ = try await client.sqs.send(queueURL: queue, body: "\(number)") }
        var receipts: [String] = []
        while receipts.count < 12 {
            let more = try await client.sqs.receive(queueURL: queue, waitSeconds: 1, visibilitySeconds: 600)
            try #require(!more.isEmpty)
            receipts += more.map(\.receiptHandle)
        }
        #expect(
            try await client.sqs.changeVisibilityBatch(
                queueURL: queue, changes: receipts.map { (receiptHandle: $0, seconds: 900) }
            ).isEmpty)
        receipts.insert("no receipt at all", at: 11)
        let failures = try await client.sqs.deleteBatch(queueURL: queue, receiptHandles: receipts)
        #expect(failures.map(\.index) == [11])
        #expect(failures.first?.error.awsCode == "ReceiptHandleIsInvalid")
        #expect(failures.first?.error.isTransient == false)
        #expect(try await client.sqs.queueAttributes(queueURL: queue)["ApproximateNumberOfMessagesNotVisible"] == "0")
        #expect(try await client.sqs.deleteBatch(queueURL: queue, receiptHandles: []).isEmpty)
    }

    @Test("a transaction is done as a whole or not at all")
    func transaction() async throws {
        let client = try Moto.client()
        let table = try await client.makeTable()
        let isNew = DynamoExpression("attribute_not_exists(job_id)")
        let put = { (id: String) in
            DynamoWrite(table: table, .put(["job_id": .s(id), "status": .s("new")]), condition: isNew)
        }
        try await client.dynamoDB.transact([put("a"), put("b")])
        let error = await awsError { () async throws(AWSError) in try await client.dynamoDB.transact([put("c"), put("b")]) }
        #expect(error?.kind == .conditionFailed)
        #expect(error?.message.contains("write 2 of 2") == true)
        #expect(error?.conditionItem?["status"]?.text == "new")
        #expect(try await client.dynamoDB.getItem(table: table, key: ["job_id": .s("c")]) == nil)
        let status = { (text: String) in DynamoExpression("#s = :s", names: ["#s": "status"], values: [":s": .s(text)]) }
        try await client.dynamoDB.transact([
            DynamoWrite(
                table: table,
                .update(
                    key: ["job_id": .s("a")],
                    DynamoExpression("SET #s = :new", names: ["#s": "status"], values: [":new": .s("done")])),
                condition: status("new")),
            DynamoWrite(table: table, .delete(key: ["job_id": .s("b")])),
        ])
        #expect(try await client.dynamoDB.getItem(table: table, key: ["job_id": .s("a")])?["status"]?.text == "done")
        #expect(try await client.dynamoDB.getItem(table: table, key: ["job_id": .s("b")]) == nil)
    }
}
