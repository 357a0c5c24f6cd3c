import Testing
@testable import Scrubber

@Suite struct BucketAddressTests {
  private func resolve(
    _ option: String? = nil,
    _ environment: [String: String] = [:]
  ) throws(UsageError) -> BucketAddress {
    try BucketAddress.resolve(option: option, environment: Environment(environment))
  }

  private func refusal(_ option: String?, _ environment: [String: String] = [:]) -> UsageError? {
    do throws(UsageError) {
      _ = try resolve(option, environment)
      return nil
    } catch {
      return error
    }
  }

  @Test(arguments: [
    ("/srv/copy", BucketAddress.folder(path: "/srv/copy")), ("copy", .folder(path: "copy")),
    ("./a b/c:d", .folder(path: "./a b/c:d")), ("./x://y", .folder(path: "./x://y")),
    ("file:///srv/copy", .folder(path: "/srv/copy")), ("FILE://localhost/a", .folder(path: "/a")),
    ("file:///a%20b%2fc", .folder(path: "/a b/c")), ("file:///gr%C3%BCn", .folder(path: "/grün")),
    ("s3://name", .s3(S3Address(bucket: "name"))), ("s3://name/", .s3(S3Address(bucket: "name"))),
    ("s3://my.bucket-1/pageserver/v1/", .s3(S3Address(bucket: "my.bucket-1", prefix: "pageserver/v1"))),
  ])
  func optionIsRead(text: String, expected: BucketAddress) throws {
    #expect(try resolve(text) == expected)
  }

  @Test(arguments: [
    "", "file://host/a", "file://", "file://a", "file:///a%2", "file:///a%zz", "file:///a%00b", "file:///%ff",
    "file:///a%+1", "s3://", "s3:///x", "s3://ab", "s3://a b c", "gs://name/x", "https://example.com/x",
    "a\0b",
  ])
  func otherFormsAreRefused(text: String) throws {
    let error = try #require(refusal(text))
    #expect(
      error.message.hasPrefix(
        "--bucket: found \"\(text)\", expected s3://NAME/PREFIX, file:///PATH or a folder"
      )
    )
  }

  @Test func optionGoesBeforeTheEnvironment() throws {
    let environment = ["BUCKET": "b", "REGION": "r", "REMOTE_STORAGE_CONFIG": "local_path = \"/other\""]
    #expect(try resolve("/srv", environment) == .folder(path: "/srv"))
  }

  @Test func bucketAndRegionGoBeforeTheConfiguration() throws {
    var environment = ["BUCKET": "b", "REGION": "r", "REMOTE_STORAGE_CONFIG": "local_path = \"/other\""]
    #expect(try resolve(nil, environment) == .s3(S3Address(bucket: "b", region: "r")))
    environment["REGION"] = ""
    #expect(try resolve(nil, environment) == .folder(path: "/other"))
  }

  @Test func prefixAndEndpointComeFromTheEnvironment() throws {
    let environment = [
      "BUCKET": "b", "REGION": "r", "BUCKET_PREFIX": "/x/y/", "AWS_ENDPOINT_URL": "http://localhost:9000",
    ]
    #expect(
      try resolve(nil, environment)
        == .s3(S3Address(bucket: "b", prefix: "x/y", region: "r", endpoint: "http://localhost:9000"))
    )
  }

  @Test func missingPartIsNamed() {
    #expect(refusal(nil)?.message == "no bucket is given")
    #expect(refusal(nil, ["BUCKET": "b"])?.message == "BUCKET is set but REGION is not")
    #expect(refusal(nil, ["REGION": "r", "BUCKET": ""])?.message == "REGION is set but BUCKET is not")
  }

  @Test(arguments: [
    ("local_path = \"/srv\"", BucketAddress.folder(path: "/srv")),
    ("remote_storage = { local_path = '/srv', concurrency_limit = 5 }", .folder(path: "/srv")),
    ("[remote_storage]\nlocal_path = \"/srv\"\n", .folder(path: "/srv")),
    ("bucket_name = \"b\"\nbucket_region = \"r\"", .s3(S3Address(bucket: "b", region: "r"))),
    (
      "remote_storage = { bucket_name = \"b\", bucket_region = \"r\", prefix_in_bucket = \"/p/v1/\", endpoint = \"http://e\" }",
      .s3(S3Address(bucket: "b", prefix: "p/v1", region: "r", endpoint: "http://e"))
    ),
    ("local_path = \"/srv\"\nbucket_name = \"b\"\nbucket_region = \"r\"", .folder(path: "/srv")),
  ])
  func configurationIsRead(text: String, expected: BucketAddress) throws {
    #expect(try resolve(nil, ["REMOTE_STORAGE_CONFIG": text]) == expected)
  }

  @Test(arguments: [
    ("bucket_name = \"b\"", "Google Cloud Storage is not supported"),
    ("container_name = \"c\"\ncontainer_region = \"r\"", "Azure containers are not supported"),
    ("timeout = \"5s\"", "found neither local_path nor bucket_name and bucket_region"),
    ("local_path = 5", "local_path: found an integer, expected a string"),
    ("local_path = \"\"", "local_path: found \"\", expected a folder"),
    ("remote_storage = \"x\"", "remote_storage: found a string, expected a table"),
    ("local_path = /srv", "found \"/\", expected a string, an integer, true, false or { (byte 13, line 1)"),
  ])
  func unusableConfigurationIsRefused(text: String, reason: String) {
    #expect(refusal(nil, ["REMOTE_STORAGE_CONFIG": text])?.message == "REMOTE_STORAGE_CONFIG: " + reason)
  }
}
