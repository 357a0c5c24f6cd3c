import Foundation
import Synchronization

@testable import Scrubber

/// A server on the loopback interface that plays the services that give credentials, and keeps what it was asked.
final class CredentialServer: Sendable {
  struct Request: Sendable {
    /// Method and path.
    var line: String
    /// Names in lower case.
    var headers: [String: String]
    var body: String
  }

  struct Answer: Sendable {
    var status = 200
    var body = ""
    /// Says nothing at all until the client goes.
    var isSilent = false
  }

  let port: UInt16
  private let socketFile: Int32
  private let requests = Mutex<[Request]>([])
  private let answer: @Sendable (Request, Int) -> Answer

  var received: [Request] { requests.withLock { $0 } }
  var origin: String { "http://127.0.0.1:\(port)" }

  /// - Parameter answer: What to say to a request, and its number counted from 0.
  init(_ answer: @escaping @Sendable (Request, Int) -> Answer) throws {
    self.answer = answer
    (socketFile, port) = try LoopbackSocket.listen()
    Thread.detachNewThread { [self] in serve() }
  }

  /// Always the same answer.
  convenience init(_ body: String) throws { try self.init(200, body) }

  convenience init(_ status: Int, _ body: String) throws {
    try self.init { _, _ in Answer(status: status, body: body) }
  }

  func stop() { shutdown(socketFile, Int32(SHUT_RDWR)) }

  private func serve() {
    while true {
      let connection = accept(socketFile, nil, nil)
      guard connection >= 0 else { break }
      Thread.detachNewThread { [self] in
        reply(connection)
        close(connection)
      }
    }
    close(socketFile)
  }

  private func reply(_ connection: Int32) {
    guard let request = read(connection) else { return }
    let number = requests.withLock { requests in
      requests.append(request)
      return requests.count - 1
    }
    let answer = answer(request, number)
    var chunk = [UInt8](repeating: 0, count: 4096)
    if answer.isSilent {
      while recv(connection, &chunk, chunk.count, 0) > 0 {}
      return
    }
    let text =
      "HTTP/1.1 \(answer.status) X\r\nContent-Length: \(answer.body.utf8.count)\r\nConnection: close\r\n\r\n"
      + answer.body
    LoopbackSocket.send(Array(text.utf8), to: connection)
  }

  private func read(_ connection: Int32) -> Request? {
    var text = ""
    var chunk = [UInt8](repeating: 0, count: 4096)
    while true {
      if let request = Self.parse(text) { return request }
      let count = recv(connection, &chunk, chunk.count, 0)
      guard count > 0 else { return nil }
      text += String(decoding: chunk[..<count], as: UTF8.self)
    }
  }

  /// Nil as long as it is not whole. Bodies are ASCII here.
  private static func parse(_ text: String) -> Request? {
    guard let end = text.range(of: "\r\n\r\n") else { return nil }
    let lines = text[..<end.lowerBound].components(separatedBy: "\r\n")
    var headers: [String: String] = [:]
    for line in lines.dropFirst() {
      let parts = line.split(separator: ":", maxSplits: 1)
      guard parts.count == 2 else { continue }
      headers[parts[0].lowercased()] = parts[1].trimmingCharacters(in: .whitespaces)
    }
    let body = String(text[end.upperBound...])
    guard body.utf8.count >= headers["content-length"].flatMap(Int.init) ?? 0 else { return nil }
    let words = lines[0].split(separator: " ")
    return Request(line: words.prefix(2).joined(separator: " "), headers: headers, body: body)
  }
}

/// A folder with the files of the AWS tools, and the variables that name them. Nothing outside of the test is asked.
struct CredentialFixture {
  let folder: TemporaryFolder
  var variables: [String: String]

  init(configuration: String = "", credentials: String = "") throws {
    folder = try TemporaryFolder()
    try folder.write(".aws/config", Array(configuration.utf8))
    try folder.write(".aws/credentials", Array(credentials.utf8))
    variables = [
      "HOME": folder.path, "AWS_EC2_METADATA_DISABLED": "true",
      // Whoever is asked without being meant to be is not there.
      "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
    ]
  }

  func environment(_ more: [String: String] = [:]) -> Environment {
    Environment(variables.merging(more) { $1 })
  }

  func chain(_ more: [String: String] = [:], now: @escaping @Sendable () -> Timestamp = { .now })
    -> CredentialChain
  {
    CredentialChain(environment: environment(more), now: now)
  }

  /// An executable script; gives its path.
  func script(_ name: String, _ text: String) throws -> String {
    try folder.write(name, Array("#!/bin/sh\n\(text)\n".utf8))
    try folder.check("chmod", chmod("\(folder.path)/\(name)", 0o755))
    return "\(folder.path)/\(name)"
  }
}

enum CredentialAnswers {
  static let future = "2099-01-02T03:04:05Z"

  static func json(_ key: String = "gotkey", expires: String = future) -> String {
    """
    {"Code":"Success","AccessKeyId":"\(key)","SecretAccessKey":"gotsecret","Token":"gottoken","Expiration":"\(expires)"}
    """
  }

  static func sts(_ action: String, _ key: String = "gotkey", expires: String = future) -> String {
    """
    <\(action)Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><\(action)Result><AssumedRoleUser>\
    <Arn>arn</Arn></AssumedRoleUser><Credentials><AccessKeyId>\(key)</AccessKeyId>\
    <SecretAccessKey>gotsecret</SecretAccessKey><SessionToken>gottoken</SessionToken>\
    <Expiration>\(expires)</Expiration></Credentials></\(action)Result></\(action)Response>
    """
  }

  static func got(_ key: String = "gotkey") -> S3Credentials {
    S3Credentials(
      accessKey: key,
      secretKey: "gotsecret",
      sessionToken: "gottoken",
      expires: Timestamp(rfc3339: future)
    )
  }
}

/// The error of `fetch`; fails the test when there is none.
func failure(_ chain: CredentialChain) async -> S3ConfigurationError {
  do throws(S3ConfigurationError) {
    let found = try await chain.fetch()
    return S3ConfigurationError(message: "no error, but \(String(describing: found))")
  } catch {
    return error
  }
}
