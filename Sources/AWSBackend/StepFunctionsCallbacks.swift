import AWS
import Jobs

extension TaskCallbacks {
    /// Callbacks to Step Functions (developer guide, "Wait for a Callback with Task Token").
    package init(_ stepFunctions: StepFunctions) {
        self.init(
            succeed: { token, output in
                do { try await stepFunctions.sendSuccess(token: token, output: output) } catch { throw Self.failure(error) }
            },
            fail: { token, code, cause in
                do { try await stepFunctions.sendFailure(token: token, error: code, cause: cause) } catch { throw Self.failure(error) }
            },
            beat: { token in
                do { try await stepFunctions.sendHeartbeat(token: token) } catch { throw Self.failure(error) }
            })
    }

    private static let goneCodes = ["TaskTimedOut", "InvalidToken", "TaskDoesNotExist"]

    private static func failure(_ error: any Error) -> any Error {
        let code = (error as? AWSError)?.awsCode ?? ""
        guard goneCodes.contains(where: code.hasSuffix) else { return error }
        return Failure(.permanent, goneCode, "The Step Functions task waits no more: \(code).")
    }
}
