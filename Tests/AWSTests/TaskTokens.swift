// The names of what is encoded and decoded here are the wire's.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

import Testing

@testable import AWS

func makeStateMachine(_ client: AWSClient, _ state: String) async throws -> String {
    let definition = "{\"StartAt\": \"work\", \"States\": {\"work\": \(state)}}"
    let made = try await client.ask(
        .stepFunctions, "AWSStepFunctions.CreateStateMachine",
        [
            "name": Moto.uniqueName("machine"), "definition": definition, "roleArn": "arn:aws:iam::000000000000:role/r",
        ])
    return try #require(made["stateMachineArn"] as? String)
}

func startExecution(_ client: AWSClient, _ machine: String) async throws -> String {
    let started = try await client.ask(
        .stepFunctions, "AWSStepFunctions.StartExecution", ["stateMachineArn": machine, "input": "{\"a\": 1}"])
    return try #require(started["executionArn"] as? String)
}

/// How an execution has ended, once it has.
func endOfExecution(_ client: AWSClient, _ execution: String) async throws -> [String: Any] {
    for _ in 0..<200 {
        let state = try await client.ask(
            .stepFunctions, "AWSStepFunctions.DescribeExecution", ["executionArn": execution])
        if state["status"] as? String != "RUNNING" { return state }
        try await Task.sleep(for: .milliseconds(50))
    }
    return [:]
}

/// A task that waits for its token hears heartbeat and success, or failure; a token is good once.
func exchangeTaskTokens(_ client: AWSClient, tellsCause: Bool = true) async throws {
    let queue = try await client.makeQueue()
    let machine = try await makeStateMachine(
        client,
        """
        {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken", "HeartbeatSeconds": 60,
         "Parameters": {"QueueUrl": "\(queue)", "MessageBody": {"TaskToken.$": "$$.Task.Token"}}, "End": true}
        """)
    struct Body: Decodable {
        var TaskToken: String
    }
    for succeeds in [true, false] {
        let execution = try await startExecution(client, machine)
        let message = try #require(try await client.sqs.receive(queueURL: queue, waitSeconds: 20).first)
        let token = try JSONBody.decode(Body.self, Array(message.body.utf8)).TaskToken
        // an emulator may send the token out before it knows it itself
        for _ in 0..<200 {
            let error = await awsError { () async throws(AWSError) in
                try await client.stepFunctions.sendHeartbeat(token: token)
            }
            if error == nil { break }
            try #require(error?.awsCode == "InvalidToken")
            try await Task.sleep(for: .milliseconds(20))
        }
        if succeeds {
            try await client.stepFunctions.sendSuccess(token: token, output: "{\"rows\": 7}")
        } else {
            try await client.stepFunctions.sendFailure(token: token, error: "csv.field_count", cause: "line 3")
        }
        let state = try await endOfExecution(client, execution)
        #expect(state["status"] as? String == (succeeds ? "SUCCEEDED" : "FAILED"))
        if succeeds {
            #expect((state["output"] as? String)?.filter { $0 != " " } == "{\"rows\":7}")
        } else {
            #expect(state["error"] as? String == "csv.field_count")
            if tellsCause { #expect(state["cause"] as? String == "line 3") }
        }
        let late = await awsError { () async throws(AWSError) in
            try await client.stepFunctions.sendHeartbeat(token: token)
        }
        #expect(["TaskTimedOut", "TaskDoesNotExist", "InvalidToken"].contains(late?.awsCode ?? ""))
        #expect(late?.kind == .notFound)
        #expect(late?.isTransient == false)
    }
}
