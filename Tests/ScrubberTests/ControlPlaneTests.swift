import Foundation
import IndexFormat
import Testing

@testable import Scrubber

/// The control plane is asked before anything is called lost; deleted, unknown and unreachable are three answers.
struct ControlPlaneTests {
  private static let token = "hush-token"

  /// A control plane with one branch and one project, or with what is given instead.
  private static func server(
    branches: String? = nil,
    projects: String? = nil,
    deleted: Bool = false,
    status: String = "200 OK"
  ) throws -> ScriptedServer {
    let branch = """
      {"data":[{"id":"br-1","project_id":"p-1","timeline_id":"\(WALFixture.main)","deleted":\(deleted)}],"total":1}
      """
    let project =
      "{\"data\":[{\"id\":\"p-1\",\"tenant\":\"\(WALFixture.tenant)\",\"deleted\":false}],\"total\":1}"
    return try ScriptedServer { _, request in
      guard
        request.contains("Authorization: Bearer \(token)")
          || request.contains("authorization: Bearer \(token)")
      else { return .http("401 Unauthorized") }
      guard request.contains("&show_deleted=true") else { return .http("400 Bad Request") }
      if request.hasPrefix("GET /regions/r/api/v1/admin/branches?timeline_id=\(WALFixture.main)&") {
        return .http(status, body: branches ?? branch)
      }
      if request.hasPrefix("GET /regions/r/api/v1/admin/projects?tenant_id=\(WALFixture.tenant)&") {
        return .http(status, body: projects ?? project)
      }
      return .http("404 Not Found", body: "{\"data\":[]}")
    }
  }

  private static func controlPlane(_ server: ScriptedServer, path: String = "/regions/r/api/v1/admin") throws
    -> ControlPlane?
  {
    try ControlPlane(
      environment: Environment([
        "CLOUD_ADMIN_API_URL": "http://127.0.0.1:\(server.port)\(path)", "CLOUD_ADMIN_API_TOKEN": token,
      ]),
      policy: RetryPolicy(maxTries: 3, firstPause: .milliseconds(1)),
      timeouts: HTTPRequest.Timeouts(total: .seconds(20))
    )
  }

  private func answer(_ server: ScriptedServer, path: String = "/regions/r/api/v1/admin") async throws
    -> ControlPlane.Answer?
  {
    defer { server.stop() }
    return try await Self.controlPlane(server, path: path)?.state(
      of: WALFixture.main,
      tenant: WALFixture.tenant
    )
  }

  private func isNoAnswer(_ answer: ControlPlane.Answer?) -> Bool {
    if case .noAnswer(let reason)? = answer { !reason.contains(Self.token) } else { false }
  }

  @Test func theAnswersAreToldApart() async throws {
    let empty = "{\"data\":[],\"total\":0}"
    #expect(try await answer(Self.server()) == .alive)
    #expect(try await answer(Self.server(), path: "/regions/r/api/v1/admin/") == .alive)
    #expect(try await answer(Self.server(deleted: true)) == .deleted)
    #expect(try await answer(Self.server(branches: empty)) == .unknown)
    #expect(try await answer(Self.server(projects: empty)) == .unknown)
    // After a recovery by hand the timeline is in another project too.
    let elsewhere =
      "{\"data\":[{\"id\":\"b\",\"project_id\":\"p-2\",\"timeline_id\":\"\(WALFixture.main)\",\"deleted\":true}]}"
    #expect(try await answer(Self.server(branches: elsewhere)) == .unknown)
    let deletedProject = "{\"data\":[{\"id\":\"p-1\",\"tenant\":\"\(WALFixture.tenant)\",\"deleted\":true}]}"
    #expect(try await answer(Self.server(projects: deletedProject)) == .deleted)
  }

  @Test(arguments: [
    "", "[]", "<html>",
    "{\"data\":[{\"id\":\"x\",\"deleted\":false,\"timeline_id\":\"00000000000000000000000000000001\"}]}",
    "{\"data\":[{\"id\":\"x\"}]}",
  ])
  func whatIsNoListOfTheTimelineIsNoAnswer(body: String) async throws {
    #expect(isNoAnswer(try await answer(Self.server(branches: body))))
  }

  @Test(arguments: [
    "401 Unauthorized", "403 Forbidden", "404 Not Found", "302 Found", "500 Internal", "503 Busy",
  ])
  func aStatusOfErrorIsNoAnswer(status: String) async throws {
    let empty = "{\"data\":[],\"total\":0}"
    let server = try Self.server(branches: empty, projects: empty, status: status)
    #expect(isNoAnswer(try await answer(server)))
    #expect(server.received.count == (status.hasPrefix("5") ? 3 : 1))
  }

  @Test func aServerThatIsNotThereIsNoAnswer() async throws {
    let server = try Self.server()
    server.stop()
    #expect(isNoAnswer(try await answer(server)))
  }

  // MARK: In a scan

  private func scan(_ server: ScriptedServer) async throws -> ScanRecord {
    defer { server.stop() }
    var objects = WALFixture.objects()
    objects[WALFixture.key(WALFixture.main, WALFixture.segment(3))] = nil
    let rows = [WALFixture.row(WALFixture.main, 0x200_0028, 0x400_0000)]
    let controlPlane = try Self.controlPlane(server)
    return await WALFixture.scan(try WALFixture.store(objects), WALFixture.claims(rows)) {
      $0.controlPlane = controlPlane
    }
  }

  @Test func aLivingTimelineHasLostItsWAL() async throws {
    let record = try await scan(Self.server())
    #expect(record.findings.map(\.code) == [.walSegmentMissing])
    #expect(record.exitCode == .damage)
    #expect(record.summary.deletedCount == 0)
  }

  @Test func aDeletedTimelineHasLostNothing() async throws {
    let record = try await scan(Self.server(deleted: true))
    #expect(record.findings.map(\.code) == [.walTimelineDeleted, .walLeftover])
    #expect(record.exitCode == .ok)
    #expect(record.summary.deletedCount == 1)
  }

  @Test func anUnknownTimelineIsNotADeletedOne() async throws {
    let record = try await scan(Self.server(branches: "{\"data\":[]}"))
    #expect(record.findings.map(\.code) == [.walSegmentMissingUnknown])
    #expect(record.exitCode == .damage)
    #expect(record.summary.deletedCount == 0)
  }

  @Test func withoutAnAnswerNobodyIsAccused() async throws {
    let record = try await scan(Self.server(status: "500 Internal"))
    #expect(record.findings.map(\.code) == [.walSegmentUnconfirmed])
    #expect(record.errors.count == 1)
    #expect(record.exitCode == .couldNotFinish)
    #expect(!"\(record)".contains(Self.token))
  }

  @Test func aHealthyBucketAsksNothing() async throws {
    let server = try Self.server()
    defer { server.stop() }
    let controlPlane = try Self.controlPlane(server)
    let record = await WALFixture.scan(
      try WALFixture.store(WALFixture.objects()),
      WALFixture.claims([WALFixture.row(WALFixture.main, 0x200_0028, 0x400_0000)])
    ) { $0.controlPlane = controlPlane }
    #expect(record.findings == [])
    #expect(server.received == [])
  }

  @Test func theEnvironmentMustBeWhole() {
    for values in [
      ["CLOUD_ADMIN_API_URL": "https://x"], ["CLOUD_ADMIN_API_TOKEN": "hush"],
      ["CLOUD_ADMIN_API_URL": "ftp://u:hush@x", "CLOUD_ADMIN_API_TOKEN": "t"],
      ["CLOUD_ADMIN_API_URL": "https://x", "CLOUD_ADMIN_API_TOKEN": "hush\r\nX: y"],
    ] {
      let error = #expect(throws: UsageError.self) { try ControlPlane(environment: Environment(values)) }
      #expect(error?.description.contains("hush") == false)
    }
    #expect(throws: Never.self) { try ControlPlane(environment: Environment([:])) }
  }
}
