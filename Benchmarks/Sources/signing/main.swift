import SigV4

// How many typical requests one core signs in a second: an SQS receive and an S3 ranged read, in turn.

let wantedPerSecond = 100_000.0
let rounds = 5
let requestsPerRound = 200_000

let credentials = SigningCredentials(
    accessKeyID: "AKIDEXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
    sessionToken: String(repeating: "token", count: 40))
let keys = SigningKeyCache()
let queue = Signer(credentials: credentials, region: "eu-central-1", service: "sqs", keys: keys)
let bucket = Signer(
    credentials: credentials, region: "eu-central-1", service: "s3", pathRule: .verbatim, sendsPayloadHash: true,
    keys: keys)
let receive = SigningRequest(
    method: "POST", path: "/",
    headers: [
        (name: "Host", value: "sqs.eu-central-1.amazonaws.com"),
        (name: "Content-Type", value: "application/x-amz-json-1.0"),
        (name: "X-Amz-Target", value: "AmazonSQS.ReceiveMessage"),
    ])
let read = SigningRequest(
    method: "GET", path: "/incoming/2026/11/orders%20%2B%201.csv", query: [(name: "versionId", value: "3/L4kqtJlcpXroDTDmJ")],
    headers: [
        (name: "Host", value: "landing.s3.eu-central-1.amazonaws.com"), (name: "Range", value: "bytes=0-16777215"),
        (name: "If-Match", value: "\"9b2cf535f27731c974343645a3985328\""),
    ])
let time = SigningTime(unixSeconds: 1_795_298_400)

var best = 0.0
var sum = 0
for _ in 0..<rounds {
    let start = ContinuousClock.now
    for number in 0..<requestsPerRound {
        let headers = number & 1 == 0 ? queue.sign(receive, at: time) : bucket.sign(read, at: time)
        sum &+= headers.count
    }
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    best = max(best, Double(requestsPerRound) / seconds)
}
print("\(Int(best)) signatures a second (best of \(rounds) rounds, \(sum) headers)")
print(best >= wantedPerSecond ? "reached \(Int(wantedPerSecond))" : "MISSED \(Int(wantedPerSecond))")
