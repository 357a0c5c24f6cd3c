import IndexFormat

/// `REMOTE_STORAGE_CONFIG`: what page servers have in their configuration.
///
/// The keys stand at the top or in a table `remote_storage`, as `remote_storage = { … }` or under
/// `[remote_storage]`. The kind of store follows from the keys, in this order; unknown keys are passed over.
///
/// | kind | required | used |
/// |---|---|---|
/// | folder | `local_path` | |
/// | S3 | `bucket_name`, `bucket_region` | `prefix_in_bucket`, `endpoint` |
/// | Azure | `container_name`, `container_region` | not supported |
/// | Google Cloud Storage | `bucket_name` | not supported |
extension BucketAddress {
  private static let variable = "REMOTE_STORAGE_CONFIG"

  init(storageConfiguration text: String) throws(UsageError) {
    let document: [String: TOMLValue]
    do {
      document = try TOMLReader.read(text)
    } catch {
      throw UsageError("\(Self.variable): \(error)")
    }
    let keys = try Self.storageTable(of: document)
    func string(_ name: String) throws(UsageError) -> String? {
      switch keys[name] {
      case nil: return nil
      case .string(let value): return value
      case .some(let other): throw Self.refuse("\(name): found \(other.kind), expected a string")
      }
    }
    if let path = try string("local_path") {
      guard !path.isEmpty, !path.contains("\0") else {
        throw Self.refuse("local_path: found \"\(path)\", expected a folder")
      }
      self = .folder(path: path)
    } else if let bucket = try string("bucket_name"), let region = try string("bucket_region") {
      let prefix = try string("prefix_in_bucket").map(Self.trimSlashes)
      self = .s3(S3Address(bucket: bucket, prefix: prefix, region: region, endpoint: try string("endpoint")))
    } else {
      throw Self.unsupported(keys)
    }
  }

  private static func storageTable(of document: [String: TOMLValue]) throws(UsageError) -> [String: TOMLValue]
  {
    switch document["remote_storage"] {
    case nil: return document
    case .table(let table): return table
    case .some(let other): throw refuse("remote_storage: found \(other.kind), expected a table")
    }
  }

  private static func unsupported(_ keys: [String: TOMLValue]) -> UsageError {
    if keys["container_name"] != nil { return refuse("Azure containers are not supported") }
    if keys["bucket_name"] != nil {
      return UsageError(
        "\(variable): Google Cloud Storage is not supported",
        hint: "A bucket_name without bucket_region means Google Cloud Storage; for S3 add bucket_region."
      )
    }
    return refuse("found neither local_path nor bucket_name and bucket_region")
  }

  private static func refuse(_ message: String) -> UsageError { UsageError("\(variable): \(message)") }
}
