import Testing

@testable import Scrubber

struct S3ConfigurationTests {
  private func configuration(_ values: [String: String], bucket: String = "b-1") throws -> S3Configuration {
    let values = values.merging(["HOME": "/nonexistent"]) { old, _ in old }
    return try S3Configuration(S3Address(bucket: bucket), environment: Environment(values))
  }

  private let keys = ["AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "hush"]

  @Test func theBucketStandsInTheHostOfAWSAndInThePathElsewhere() throws {
    let aws = try configuration(keys.merging(["AWS_REGION": "eu-central-1"]) { $1 })
    #expect(aws.site.origin == "https://b-1.s3.eu-central-1.amazonaws.com")
    #expect(aws.site.basePath == "")
    let dotted = try configuration(keys, bucket: "b.1")
    #expect(dotted.site.origin == "https://s3.us-east-1.amazonaws.com")
    #expect(dotted.site.basePath == "/b.1")
    let other = try configuration(keys.merging(["AWS_ENDPOINT_URL": "http://127.0.0.1:80/"]) { $1 })
    #expect(other.site.origin == "http://127.0.0.1")
    #expect(other.site.host == "127.0.0.1")
    #expect(other.site.basePath == "/b-1")
  }

  @Test(arguments: ["ftp://x", "http://", "http://user:hush@host", "http://host/path", "host"])
  func otherEndpointsAreRefusedWithoutRepeatingThem(_ endpoint: String) {
    let error = #expect(throws: S3ConfigurationError.self) {
      try configuration(keys.merging(["AWS_ENDPOINT_URL": endpoint]) { $1 })
    }
    #expect(error?.message.contains("hush") == false)
  }

  @Test func profilesOfTheSharedFilesAreRead() async throws {
    let folder = try TemporaryFolder()
    let credentials = """
      # comment
      [default]
      aws_access_key_id = one
      aws_secret_access_key = s1
      [other]
      aws_access_key_id=two
      aws_secret_access_key = s=2
      aws_session_token = t
      """
    let settings = "[default]\nregion = eu-west-1\n[profile other]\nregion = eu-west-2\ns3 =\n  region = no\n"
    try folder.write("credentials", Array(credentials.utf8))
    try folder.write("config", Array(settings.utf8))
    let files = [
      "AWS_SHARED_CREDENTIALS_FILE": "\(folder.path)/credentials", "AWS_CONFIG_FILE": "\(folder.path)/config",
    ]
    let first = try configuration(files)
    #expect(try await first.credentials.credentials() == S3Credentials(accessKey: "one", secretKey: "s1"))
    #expect(first.site.region == "eu-west-1")
    let other = try configuration(files.merging(["AWS_PROFILE": "other"]) { $1 })
    #expect(
      try await other.credentials.credentials()
        == S3Credentials(accessKey: "two", secretKey: "s=2", sessionToken: "t")
    )
    #expect(other.site.region == "eu-west-2")
  }

  @Test func withoutSignaturesNoCredentialsAreLookedFor() async throws {
    let anonymous = try configuration(["AWS_NO_SIGN_REQUEST": "YES"])
    #expect(try await anonymous.credentials.credentials() == nil)
  }
}
