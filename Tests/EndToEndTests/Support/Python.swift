import Foundation
import Glibc

/// A Python process that does what Landfall's users do with boto3, pyarrow and DuckDB: one request and one answer a line.
final class Python: @unchecked Sendable {
    /// Nil where Python lacks a package.
    static let shared: Python? = try? Python()

    static func required() throws -> Python {
        guard let shared else { throw ChildProcess.Failure(description: "there is no Python") }
        return shared
    }

    private let child: ChildProcess
    private let input: Int32
    private let output: BufferedLines
    /// Guards the pipes: a request and its answer belong together.
    private let queue = DispatchQueue(label: "python")

    private init() throws {
        let (child, input, output) = try TestBed.startPython(Self.script)
        self.child = child
        self.input = input
        self.output = BufferedLines(output)
        guard self.output.next() == "ready" else { throw ChildProcess.Failure(description: "Python lacks a package") }
    }

    /// Calls one of the script's functions.
    func callAsFunction(_ function: String, _ arguments: [String: Any]) async throws -> JSON {
        let request = try JSONSerialization.data(withJSONObject: [function, arguments]) + Data("\n".utf8)
        let answer: JSON = try await withCheckedThrowingContinuation { continuation in
            queue.async {
                continuation.resume(with: Result { try self.exchange(request) })
            }
        }
        if let error = answer["error"].text { throw ChildProcess.Failure(description: "\(function): \(error)") }
        return answer["result"]
    }

    private func exchange(_ request: Data) throws -> JSON {
        var rest = Array(request)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(input, $0.baseAddress, $0.count) }
            guard count > 0 else { throw ChildProcess.Failure(description: "Python has ended") }
            rest = rest.dropFirst(count)
        }
        guard let line = output.next() else { throw ChildProcess.Failure(description: "Python has ended") }
        return try JSON(line)
    }

    private static let script = #"""
        import datetime, decimal, json, sys, traceback
        sys.path.insert(0, sys.argv[1])
        import boto3, duckdb, pyarrow.parquet as pq, provision as bed

        def clients(endpoint, cache={}):
            if endpoint not in cache:
                cache[endpoint] = {s: bed.client(s, endpoint) for s in ("s3", "sqs", "dynamodb")}
                cache[endpoint]["tables"] = boto3.resource("dynamodb", endpoint_url=endpoint, region_name=bed.REGION,
                    aws_access_key_id="testing", aws_secret_access_key="testing")
            return cache[endpoint]

        def provision(**named):
            made = bed.provision(**named)
            return {"made": made, "environment": bed.environment(made)}

        def put(endpoint, bucket, key, path):
            with open(path, "rb") as file:
                return clients(endpoint)["s3"].put_object(Bucket=bucket, Key=key, Body=file.read()).get("VersionId")

        def multipart(endpoint, bucket, key, path):
            s3 = clients(endpoint)["s3"]
            upload = s3.create_multipart_upload(Bucket=bucket, Key=key)["UploadId"]
            with open(path, "rb") as file:
                tag = s3.upload_part(Bucket=bucket, Key=key, UploadId=upload, PartNumber=1, Body=file.read())["ETag"]
            s3.complete_multipart_upload(Bucket=bucket, Key=key, UploadId=upload,
                                         MultipartUpload={"Parts": [{"ETag": tag, "PartNumber": 1}]})

        def route(endpoint, bus, rule, detail_type, arn):
            events = bed.client("events", endpoint)
            events.put_rule(Name=rule, EventBusName=bus, State="ENABLED",
                            EventPattern=json.dumps({"source": ["landfall"], "detail-type": [detail_type]}))
            events.put_targets(Rule=rule, EventBusName=bus, Targets=[{"Id": "work", "Arn": arn}])

        def dataset(path):
            import pyarrow.dataset as ds
            table = ds.dataset(path, format="parquet", partitioning="hive").to_table()
            duck = duckdb.sql(f"SELECT * FROM read_parquet('{path}/**/*.parquet', hive_partitioning = true)")
            return {"names": sorted(table.column_names), "rows": sorted([[None if v is None else str(v) for v in r.values()]
                        for r in table.select(sorted(table.column_names)).to_pylist()], key=str),
                    "duckdb": sorted([[None if v is None else str(v) for v in r] for r in duck.project(
                        ", ".join(f'"{n}"' for n in sorted(duck.columns))).fetchall()], key=str)}

        def layout(path):
            meta = pq.ParquetFile(path).metadata
            groups = [meta.row_group(i) for i in range(meta.num_row_groups)]
            duck = duckdb.sql(f"SELECT path_in_schema, bloom_filter_offset FROM parquet_metadata('{path}')").fetchall()
            return {"rows": [g.num_rows for g in groups],
                    "encodings": {g.column(i).path_in_schema: sorted(g.column(i).encodings)
                                  for g in groups[:1] for i in range(g.num_columns)},
                    "sorted": [[[s.column_index, s.descending, s.nulls_first] for s in g.sorting_columns] for g in groups],
                    "bloom": sorted({name for name, offset in duck if offset is not None}),
                    "metadata": {k.decode(): v.decode() for k, v in (meta.metadata or {}).items()},
                    "codec": groups[0].column(0).compression,
                    "bytes": sum(g.column(i).total_compressed_size for g in groups for i in range(g.num_columns))}

        def send(endpoint, url, body):
            clients(endpoint)["sqs"].send_message(QueueUrl=url, MessageBody=body)

        def start(endpoint, name, queue, input):
            """A state machine that asks the queue with a token, and waits; the execution's ARN."""
            states = bed.client("stepfunctions", endpoint)
            machine = states.create_state_machine(name=name, roleArn="arn:aws:iam::123456789012:role/states", definition=json.dumps(
                {"StartAt": "Ask", "States": {"Ask": {"Type": "Task", "End": True, "TimeoutSeconds": 120,
                 "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken", "Parameters":
                 {"QueueUrl": queue, "DelaySeconds": 1, "MessageBody": {"TaskToken.$": "$$.Task.Token", "Input.$": "$"}}}}}))
            return states.start_execution(stateMachineArn=machine["stateMachineArn"], input=json.dumps(input))["executionArn"]

        def execution(endpoint, arn):
            found = bed.client("stepfunctions", endpoint).describe_execution(executionArn=arn)
            return {name: found.get(name) for name in ("status", "output", "error", "cause")}

        def fifo(endpoint, name):
            sqs = clients(endpoint)["sqs"]
            return [sqs.create_queue(QueueName=f"{name}-{kind}.fifo", Attributes={"FifoQueue": "true", "VisibilityTimeout": "60"})
                    ["QueueUrl"] for kind in ("in", "dlq")]

        def send_fifo(endpoint, url, group, bodies):
            for number, body in enumerate(bodies):
                clients(endpoint)["sqs"].send_message(QueueUrl=url, MessageBody=body, MessageGroupId=group,
                                                      MessageDeduplicationId=f"{group}-{number}")

        def drain(endpoint, url):
            sqs, messages = clients(endpoint)["sqs"], []
            while True:
                got = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=0,
                                          MessageAttributeNames=["All"], VisibilityTimeout=60).get("Messages", [])
                if not got:
                    return messages
                for message in got:
                    attributes = {k: v["StringValue"] for k, v in message.get("MessageAttributes", {}).items()}
                    messages.append({"body": message["Body"], "attributes": attributes})
                    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])

        def move(endpoint, source, target):
            for message in drain(endpoint, source):
                attributes = {k: {"DataType": "String", "StringValue": v} for k, v in message["attributes"].items()}
                clients(endpoint)["sqs"].send_message(QueueUrl=target, MessageBody=message["body"], MessageAttributes=attributes)

        def depth(endpoint, url):
            names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
            found = clients(endpoint)["sqs"].get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
            return {"visible": int(found[names[0]]), "hidden": int(found[names[1]])}

        def items(endpoint, table):
            return clients(endpoint)["tables"].Table(table).scan(ConsistentRead=True)["Items"]

        def keys(endpoint, bucket):
            pages = clients(endpoint)["s3"].get_paginator("list_objects_v2").paginate(Bucket=bucket)
            return [item["Key"] for page in pages for item in page.get("Contents", [])]

        def download(endpoint, uri, path):
            bucket, key = uri[len("s3://"):].split("/", 1)
            clients(endpoint)["s3"].download_file(bucket, key, path)

        def text(value):
            if value is None or isinstance(value, str):
                return value
            if isinstance(value, bool):
                return "true" if value else "false"
            if isinstance(value, datetime.datetime):
                if value.tzinfo:
                    value = value.astimezone(datetime.timezone.utc).replace(tzinfo=None)
                return value.isoformat()
            if isinstance(value, (datetime.date, datetime.time)):
                return value.isoformat()
            return str(value)

        def parquet(path):
            """The same file by two readers: names, types, and rows as texts."""
            table = pq.read_table(path)
            names = table.column_names
            arrow = [[text(row[name]) for name in names] for row in table.to_pylist()]
            connection = duckdb.connect()
            columns = connection.execute("describe from read_parquet($1)", [path]).fetchall()
            instant = "TIMESTAMP WITH TIME ZONE"  # read in UTC: DuckDB needs one more package to make them Python's
            chosen = ", ".join(f'"{c[0]}" at time zone \'UTC\'' if c[1] == instant else f'"{c[0]}"' for c in columns)
            found = connection.execute(f"select {chosen} from read_parquet($1)", [path]).fetchall()
            duck = [[text(value) for value in row] for row in found]
            return {"names": names, "types": [str(field.type) for field in table.schema], "rows": arrow, "agree": arrow == duck,
                    "codec": pq.ParquetFile(path).metadata.row_group(0).column(0).compression if arrow else None,
                    "metadata": {k.decode(): v.decode() for k, v in (pq.read_schema(path).metadata or {}).items()
                                 if k.startswith(b"landfall")}}

        print("ready", flush=True)
        for line in sys.stdin:
            name, arguments = json.loads(line)
            try:
                answer = {"result": globals()[name](**arguments)}
            except Exception:
                answer = {"error": traceback.format_exc()}
            print(json.dumps(answer, default=lambda v: int(v) if isinstance(v, decimal.Decimal) else str(v)), flush=True)
        """#
}

/// The lines that come out of a pipe.
final class BufferedLines {
    private let descriptor: Int32
    private var bytes: [UInt8] = []
    private var searched = 0

    init(_ descriptor: Int32) { self.descriptor = descriptor }

    /// The next line; nil at the end.
    func next() -> String? {
        var block = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            if let end = bytes[searched...].firstIndex(of: UInt8(ascii: "\n")) {
                defer {
                    bytes.removeSubrange(...end)
                    searched = 0
                }
                return String(decoding: bytes[..<end], as: UTF8.self)
            }
            searched = bytes.count
            let count = read(descriptor, &block, block.count)
            guard count > 0 else { return nil }
            bytes += block[..<count]
        }
    }
}
