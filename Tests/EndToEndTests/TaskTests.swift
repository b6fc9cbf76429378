import FaultServer
import Foundation
import Synchronization
import Testing

@Suite("Step Functions tasks that wait", .serialized, .enabled(if: TestBed.hasAWS, TestBed.needsAWS))
struct TaskTests {
    private let folder: Folder

    init() throws {
        folder = try Folder()
    }

    @Test("a state machine's task ends with the receipt, or with the code and the cause")
    func answers() async throws {
        try await Database.with { database in
            let site = try await AWSSite(folder, database, arrivals: "none")
            try await site.put(Orders(20).csv, as: "quiet/a.csv")
            try await site.put("id\n\"never closed", as: "quiet/b.csv")
            let worker = try site.landfall.worker()
            let good = try await site.startTask(["source": "s3://\(site.input)/quiet/a.csv", "pipeline": "strict"])
            let ended = try await site.ended(good)
            #expect(ended["status"].text == "SUCCEEDED")
            let output = try JSON(ended["output"].text ?? "{}")
            #expect(output["status"].text == "succeeded")
            #expect(output["receipt"]["counts"]["loaded"].int == 20)

            let bad = try await site.startTask(["source": "s3://\(site.input)/quiet/b.csv", "pipeline": "strict"])
            let failed = try await site.ended(bad)
            #expect(failed["status"].text == "FAILED")
            #expect(failed["error"].text == "csv.unclosed_quote")

            // Another task asks for the same file: what was done is answered with the receipt as it was stored.
            let again = try await site.startTask(["source": "s3://\(site.input)/quiet/a.csv", "pipeline": "strict"])
            let answer = try JSON(try await site.ended(again)["output"].text ?? "{}")
            #expect(answer["outcome"].text == "alreadyDone")
            #expect(answer["receipt"]["counts"]["loaded"].int == 20)
            #expect(try await database.value("SELECT count(*) FROM shop.strict") == "20")
            try await site.awaitEmptyQueue()
            #expect(try await worker.terminate() == .code(0))
        }
    }

    @Test("a machine may ask for one step after another; the last one ends the job")
    func steps() async throws {
        try await Database.with { database in
            let site = try await AWSSite(folder, database, arrivals: "none")
            try await site.put(Orders(20).csv, as: "quiet/a.csv")
            let worker = try site.landfall.worker()
            var jobID: String?
            for step in ["download", "transform", "load"] {
                var input = ["source": "s3://\(site.input)/quiet/a.csv", "pipeline": "strict", "step": step]
                if let jobID { input["job_id"] = jobID }
                let ended = try await site.ended(try await site.startTask(input))
                #expect(ended["status"].text == "SUCCEEDED")
                let output = try JSON(ended["output"].text ?? "{}")
                #expect(output["step"].text == step)
                #expect(output["status"].text == "running")
                jobID = output["job_id"].text
            }
            let rest = try await site.startTask(["job_id": jobID ?? ""])
            #expect(try JSON(try await site.ended(rest)["output"].text ?? "{}")["status"].text == "succeeded")
            #expect(try await database.value("SELECT count(*) FROM shop.strict") == "20")
            #expect(try await site.items().map { $0["attempt"].int } == [1])
            #expect(try await worker.terminate() == .code(0))
        }
    }

    @Test("a token that nobody waits for stops the callback, not the worker or the job")
    func gone() async throws {
        try await Database.with { database in
            let site = try await AWSSite(folder, database, arrivals: "none")
            try await site.put(Orders(20).csv, as: "quiet/a.csv")
            let worker = try site.landfall.worker()
            try await site.send(#"{"TaskToken":"nobody","source":"s3://\#(site.input)/quiet/a.csv","pipeline":"strict"}"#)
            #expect(try await site.item("quiet/a.csv")["status"].text == "succeeded")
            try await site.awaitEmptyQueue()
            #expect(try await worker.terminate() == .code(0))
        }
    }

    @Test("an activity's tasks are taken instead of a queue's messages, and answered")
    func activity() async throws {
        try await Database.with { database in
            let tasks = Mutex<[String]>([])
            // Step Functions as the worker sees it: moto has no GetActivityTask.
            let stepFunctions = ScriptedServer { request in
                guard request.header("X-Amz-Target") == "AWSStepFunctions.GetActivityTask" else { return [.answer("200 OK", "{}")] }
                let body = tasks.withLock { $0.isEmpty ? nil : $0.removeFirst() }
                if body == nil { usleep(100_000) }
                return [.answer("200 OK", body ?? "{}")]
            }
            let site = try await AWSSite(
                folder, database, arrivals: "none",
                [
                    "LANDFALL_QUEUE_URL": "", "AWS_ENDPOINT_URL_SFN": stepFunctions.url,
                    "LANDFALL_ACTIVITY_ARN": "arn:aws:states:eu-central-1:123456789012:activity:load",
                ])
            try await site.put(Orders(20).csv, as: "quiet/a.csv")
            try await site.put("id\n\"never closed", as: "quiet/b.csv")
            let worker = try site.landfall.worker()
            for (token, key) in [("good", "quiet/a.csv"), ("bad", "quiet/b.csv")] {
                let input = #"{\"source\":\"s3://\#(site.input)/\#(key)\",\"pipeline\":\"strict\"}"#
                tasks.withLock { $0.append(#"{"taskToken":"\#(token)","input":"\#(input)"}"#) }
            }
            let answers = try await eventually("both tasks are answered") {
                let answers = stepFunctions.requests.filter {
                    ["AWSStepFunctions.SendTaskSuccess", "AWSStepFunctions.SendTaskFailure"].contains($0.header("X-Amz-Target"))
                }
                return answers.count == 2 ? answers : nil
            }
            let byToken = try Dictionary(
                uniqueKeysWithValues: answers.map {
                    let body = try JSON(String(decoding: $0.body, as: UTF8.self))
                    return (body["taskToken"].text ?? "", body)
                })
            #expect(try JSON(byToken["good"]?["output"].text ?? "{}")["receipt"]["counts"]["loaded"].int == 20)
            #expect(byToken["bad"]?["error"].text == "csv.unclosed_quote")
            #expect(try await database.value("SELECT count(*) FROM shop.strict") == "20")
            // Its copy in the dead-letter queue says why, for whoever has no state machine at hand.
            #expect(try await site.deadLetters(1).first?["attributes"]["error.code"].text == "csv.unclosed_quote")
            #expect(try await worker.terminate() == .code(0))
        }
    }
}
