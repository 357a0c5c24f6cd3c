import IndexFormat

/// Neon's control plane ("cloud admin API"), asked whether a timeline still exists.
///
/// | | |
/// |---|---|
/// | where | `CLOUD_ADMIN_API_URL`, the address of the region's admin API |
/// | who asks | `CLOUD_ADMIN_API_TOKEN`, sent as bearer token and never shown |
/// | requests | `GET <URL>/branches?timeline_id=…&show_deleted=true`, then `GET <URL>/projects?tenant_id=…&show_deleted=true` |
/// | asked again | as S3 is, see `RetryPolicy` |
///
/// A status other than 200, or a body that is no list, is no answer: only a list without the timeline says that it
/// is not known. Source: `storage_scrubber/src/cloud_admin_api.rs`.
struct ControlPlane: Sendable {
  enum Answer: Sendable, Equatable {
    case alive
    case deleted
    /// The control plane has never heard of the timeline.
    case unknown
    case noAnswer(String)
  }

  private let url: String
  private let token: String
  private let client: CurlClient
  private let policy: RetryPolicy
  private let timeouts: HTTPRequest.Timeouts
  private let budget = RetryBudget()

  /// Requests at the same time: the control plane serves people first.
  private static let maxInFlight = 8
  private static let bodyLimit = 8 << 20

  /// Nil if none is configured.
  init?(
    environment: Environment,
    policy: RetryPolicy = RetryPolicy(),
    timeouts: HTTPRequest.Timeouts = HTTPRequest.Timeouts(total: .seconds(60))
  ) throws(UsageError) {
    let names = ["CLOUD_ADMIN_API_URL", "CLOUD_ADMIN_API_TOKEN"]
    switch (environment[names[0]], environment[names[1]]) {
    case (nil, nil): return nil
    case (nil, .some):
      throw UsageError("\(names[1]) is set but \(names[0]) is not", hint: "Set both, or none.")
    case (.some, nil):
      throw UsageError("\(names[0]) is set but \(names[1]) is not", hint: "Set both, or none.")
    case (let url?, let token?):
      // The values are not repeated: both may hold a secret.
      guard ["http://", "https://"].contains(where: url.hasPrefix), !url.contains("?"),
        url.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f })
      else { throw UsageError("\(names[0]) is not of the form https://HOST/PATH") }
      guard token.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
        throw UsageError("\(names[1]) holds characters that a token cannot have")
      }
      self.url = url.hasSuffix("/") ? String(url.dropLast()) : url
      self.token = token
    }
    self.policy = policy
    self.timeouts = timeouts
    client = CurlClient(maxInFlight: Self.maxInFlight)
  }

  /// What the control plane knows of a timeline. The same timeline may be in two projects after a recovery by hand, so
  /// the tenant's project decides.
  func state(of timeline: TimelineID, tenant: TenantID) async -> Answer {
    do throws(NoAnswer) {
      let all = try await list("branches", "timeline_id=\(timeline)")
      let branches = all.filter { $0.timeline == timeline }
      guard branches.count == all.count else { throw NoAnswer("branches of other timelines came") }
      guard !branches.isEmpty else { return .unknown }
      let found = try await list("projects", "tenant_id=\(tenant)")
      let projects = found.filter { $0.tenant == tenant }
      guard projects.count == found.count else { throw NoAnswer("projects of other tenants came") }
      guard projects.count <= 1 else { throw NoAnswer("\(projects.count) projects have the tenant") }
      guard let project = projects.first else { return .unknown }
      let own = branches.filter { $0.project == project.id }
      guard own.count <= 1 else { throw NoAnswer("\(own.count) branches have the timeline") }
      guard let branch = own.first else { return .unknown }
      return branch.isDeleted || project.isDeleted ? .deleted : .alive
    } catch {
      return .noAnswer(error.reason)
    }
  }

  private struct NoAnswer: Error {
    var reason: String
    var isPassing = false

    init(_ reason: String, isPassing: Bool = false) {
      self.reason = reason
      self.isPassing = isPassing
    }
  }

  private func list(_ kind: String, _ filter: String) async throws(NoAnswer) -> [ControlPlaneList.Entry] {
    var request = HTTPRequest(
      method: .get,
      url: "\(url)/\(kind)?\(filter)&show_deleted=true",
      headers: [("accept", "application/json"), ("authorization", "Bearer \(token)")],
      bodyLimit: Self.bodyLimit
    )
    request.timeouts = timeouts
    var tries = 0
    while true {
      tries += 1
      var retryAfter: String?
      do throws(NoAnswer) {
        return try await answer(to: request, kind, &retryAfter)
      } catch {
        let times = tries > 1 ? "; \(tries) tries" : ""
        guard error.isPassing, tries < policy.maxTries, !Task.isCancelled, budget.takeForRetry() else {
          throw NoAnswer("GET /\(kind): \(error.reason)\(times)")
        }
      }
      let pause = policy.pause(beforeRetry: tries - 1, retryAfter: retryAfter)
      do { try await Task.sleep(for: pause) } catch { throw NoAnswer("the task was cancelled") }
    }
  }

  private func answer(
    to request: HTTPRequest,
    _ kind: String,
    _ retryAfter: inout String?
  ) async throws(NoAnswer) -> [ControlPlaneList.Entry] {
    let response: HTTPResponse
    do throws(HTTPFailure) {
      response = try await client.send(request)
    } catch {
      throw NoAnswer(error.detail, isPassing: error.isWorthRetrying)
    }
    retryAfter = response.headers["retry-after"]
    guard response.status == 200 else {
      let isPassing = policy.isWorthRetrying(status: response.status)
      throw NoAnswer("HTTP status \(response.status)", isPassing: isPassing)
    }
    budget.giveBack()
    do throws(FormatError) {
      return try ControlPlaneList(parsing: response.body.span.bytes).entries
    } catch {
      throw NoAnswer("the answer is no list of \(kind): \(error)")
    }
  }
}
