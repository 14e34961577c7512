// The outbox on disk: IndexedDB, one record per answer that is not saved yet. Where the browser offers none, a Map.

const open = () => new Promise((resolve, reject) => {
  const request = indexedDB.open("counterweight", 1);
  request.onupgradeneeded = () => request.result.createObjectStore("outbox", { keyPath: "key" });
  request.onsuccess = () => resolve(request.result);
  request.onerror = () => reject(request.error);
});

const done = (request) => new Promise((resolve, reject) => {
  request.onsuccess = () => resolve(request.result);
  request.onerror = () => reject(request.error);
});

export class Store {
  constructor() {
    this.memory = new Map();
    this.database = open().catch(() => null);
  }

  async table(mode) {
    const database = await this.database;
    return database?.transaction("outbox", mode).objectStore("outbox");
  }

  /** True when what is put here outlives the tab. */
  async lasting() {
    return (await this.database) !== null;
  }

  async put(record) {
    this.memory.set(record.key, record);
    const table = await this.table("readwrite");
    if (table) await done(table.put(record));
  }

  async remove(key) {
    this.memory.delete(key);
    const table = await this.table("readwrite");
    if (table) await done(table.delete(key));
  }

  /** Records of one person in one project, oldest first. */
  async all(scope) {
    return (await this.records()).filter((record) => record.scope === scope).sort((a, b) => a.at - b.at);
  }

  /** How many wait of one person, in all projects. */
  async count(person) {
    return (await this.records()).filter((record) => record.scope.startsWith(`${person}:`)).length;
  }

  async records() {
    const table = await this.table("readonly");
    return table ? done(table.getAll()) : [...this.memory.values()];
  }
}
