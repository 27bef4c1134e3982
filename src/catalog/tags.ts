/** Tags of instances: the catalog's part by which users sort them and policies tell them apart. Its rules are those of `catalog.ts`. */

export interface Tag {
  readonly instanceId: string;
  /** Unique within the instance. */
  readonly key: string;
  readonly value: string;
}

export interface TagStore {
  /** Of these instances, ordered by instance and key; none of no instances. */
  ofInstances(instanceIds: readonly string[]): Promise<Tag[]>;
  /** Of all instances of an account and region. */
  ofRegion(accountId: string, region: string): Promise<Tag[]>;
  /** Gives an instance a tag, or the tag of that key another value. Throws `catalog-conflict` where there is no such instance. */
  set(tag: Tag): Promise<void>;
  /** Nothing happens where the instance has no tag of that key. */
  remove(instanceId: string, key: string): Promise<void>;
}
