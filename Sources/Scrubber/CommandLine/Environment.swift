import Glibc

/// The environment variables; an empty one counts as not set.
struct Environment: Sendable {
  private let lookUp: @Sendable (String) -> String?

  init(_ lookUp: @escaping @Sendable (String) -> String?) { self.lookUp = lookUp }

  init(_ values: [String: String]) { self.init { values[$0] } }

  /// That of this process. Nothing changes it after the start.
  static let process = Environment { name in getenv(name).map { String(cString: $0) } }

  subscript(_ name: String) -> String? {
    guard let value = lookUp(name), !value.isEmpty else { return nil }
    return value
  }

  /// What `scrubber --help` says of it.
  static let documentation = CommandDeclaration.Table(
    title: "environment",
    rows: [
      ["BUCKET, REGION", "An S3 bucket and its region; both are needed."],
      [
        "BUCKET_PREFIX",
        "Where in that bucket the data is; pageserver/v1, or wal for safekeepers, unless set.",
      ],
      [
        "REMOTE_STORAGE_CONFIG",
        "TOML as page servers have it, for example remote_storage = { local_path = \"/srv/copy\" }; used when "
          + "BUCKET and REGION are not both set.",
      ],
      [
        "AWS_ACCESS_KEY_ID",
        "With AWS_SECRET_ACCESS_KEY and, if there is one, AWS_SESSION_TOKEN: the keys for S3. Else they are "
          + "looked for where the AWS tools look: profiles, SSO, web identities, containers, instances.",
      ],
      ["AWS_PROFILE", "The profile to use."],
      ["AWS_NO_SIGN_REQUEST", "1, true or YES: ask S3 without a signature."],
      ["AWS_REGION", "The region of the bucket, unless REGION says it."],
      ["AWS_ENDPOINT_URL", "The server, if it is not that of AWS."],
      ["AWS_CA_BUNDLE", "A file of certificates of authorities to trust instead of the system's."],
      ["https_proxy, no_proxy", "A proxy for S3 (http_proxy without TLS), and hosts to reach without one."],
      [
        "CLOUD_ADMIN_API_URL",
        "With CLOUD_ADMIN_API_TOKEN: Neon's control plane, which is asked whether a timeline still exists whose WAL is "
          + "missing.",
      ],
      ["PGHOST, PGPASSFILE", "These and the other variables of libpq count for --dump-db-connstr."],
      ["NO_COLOR", "When set, text has no colours on a terminal."],
    ]
  )
}
