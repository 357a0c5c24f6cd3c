import IndexFormat

/// What the index of a timeline, and the storage controller, say of it that its values do not.
public struct TimelineFacts: Equatable, Sendable {
  /// Whose values they are. The stripe size is not in the index.
  public var shard: ShardIdentity
  /// The major version of PostgreSQL.
  public var pgVersion: UInt32
  public var relationLayout: RelationLayout
  /// Where a branch's index has no policy, its ancestor's holds. Nil means that of the first layout.
  public var auxFilePolicy: AuxFilePolicy.Meaning?
  public var rules: PageserverRules

  public init(
    shard: ShardIdentity,
    pgVersion: UInt32,
    relationLayout: RelationLayout = .first,
    auxFilePolicy: AuxFilePolicy.Meaning? = nil,
    rules: PageserverRules = .march2026
  ) {
    self.shard = shard
    self.pgVersion = pgVersion
    self.relationLayout = relationLayout
    self.auxFilePolicy = auxFilePolicy
    self.rules = rules
  }

  /// - ancestorPolicy: that of the ancestor's index or, where that has none either, of its ancestor's.
  /// - rules: nil takes those under which the index was most likely written.
  public init(
    _ index: IndexPart,
    shard: ShardIdentity,
    ancestorPolicy: AuxFilePolicy? = nil,
    rules: PageserverRules? = nil
  ) throws(FormatError) {
    self.init(
      shard: shard,
      pgVersion: index.metadata.pgVersion,
      relationLayout: try RelationLayout(index.relSizeMigration, migratedAt: index.relSizeMigratedAt),
      auxFilePolicy: (index.lastAuxFilePolicy ?? ancestorPolicy)?.meaning,
      rules: rules ?? PageserverRules(index: index)
    )
  }

  /// Whether the shard has SLRUs, and with them commit times.
  public var hasSLRUs: Bool { shard.index.number == 0 || rules.keepsSLRUsOnEveryShard }
}
