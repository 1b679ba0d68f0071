-- A store of version 1 as a program of that version left it: rows, a body (4 octets of mail/01/1.eml), flag
-- changes that wait, run and were refused, and a folder between two UIDVALIDITYs.
CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE folder ( id INTEGER PRIMARY KEY, path TEXT NOT NULL, wire TEXT NOT NULL UNIQUE, delimiter INTEGER NOT NULL, role TEXT NOT NULL, selectable INTEGER NOT NULL, subscribed INTEGER NOT NULL, rights TEXT NOT NULL, mailbox_id TEXT NOT NULL, server_total INTEGER NOT NULL, server_unread INTEGER NOT NULL, uidvalidity INTEGER NOT NULL DEFAULT 0, uidnext INTEGER NOT NULL DEFAULT 0, modseq INTEGER NOT NULL DEFAULT 0, present INTEGER NOT NULL DEFAULT 0, windows TEXT NOT NULL DEFAULT '', complete INTEGER NOT NULL DEFAULT 0, synced INTEGER NOT NULL DEFAULT 0, total INTEGER NOT NULL DEFAULT 0, unread INTEGER NOT NULL DEFAULT 0, unread_base INTEGER NOT NULL DEFAULT 0, threads INTEGER NOT NULL DEFAULT 0, revision INTEGER NOT NULL DEFAULT 0, unbound INTEGER NOT NULL DEFAULT 0);
CREATE INDEX folder_path ON folder (path COLLATE NOCASE);
CREATE TABLE message ( id INTEGER PRIMARY KEY, folder INTEGER NOT NULL, uid INTEGER, ord INTEGER NOT NULL, received INTEGER NOT NULL, size INTEGER NOT NULL, base INTEGER NOT NULL, pending_add INTEGER NOT NULL DEFAULT 0, pending_remove INTEGER NOT NULL DEFAULT 0, thread INTEGER NOT NULL, head INTEGER NOT NULL, thread_count INTEGER NOT NULL, thread_unread INTEGER NOT NULL, attachments INTEGER NOT NULL, have INTEGER NOT NULL, keywords TEXT, keywords_add TEXT, keywords_remove TEXT, file TEXT, refused TEXT);
CREATE INDEX message_list ON message (folder, received DESC, ord DESC, id DESC, have);
CREATE UNIQUE INDEX message_uid ON message (folder, uid DESC) WHERE uid IS NOT NULL;
CREATE UNIQUE INDEX message_file ON message (folder, file) WHERE file IS NOT NULL;
CREATE INDEX message_head ON message (folder, received DESC, ord DESC, id DESC) WHERE head;
CREATE INDEX message_member ON message (thread, folder, received, ord, id) WHERE thread <> id;
CREATE TABLE envelope ( id INTEGER PRIMARY KEY, date INTEGER, zone INTEGER NOT NULL, sender TEXT, recipients TEXT, copies TEXT, subject TEXT, message_id TEXT, in_reply_to TEXT, refs TEXT, list_id TEXT, email_id TEXT, preview TEXT);
CREATE TABLE ref (hash INTEGER PRIMARY KEY, thread INTEGER NOT NULL);
CREATE TABLE ref_log (id INTEGER PRIMARY KEY, pairs BLOB NOT NULL);
CREATE TABLE alias (thread INTEGER PRIMARY KEY, joined INTEGER NOT NULL);
CREATE TABLE structure (id INTEGER PRIMARY KEY, tree TEXT NOT NULL);
CREATE TABLE part (id INTEGER NOT NULL, section TEXT NOT NULL, size INTEGER NOT NULL, PRIMARY KEY (id, section)) WITHOUT ROWID;
CREATE TABLE trash (id INTEGER PRIMARY KEY);
CREATE TABLE unbound (folder INTEGER NOT NULL, hash INTEGER NOT NULL, id INTEGER NOT NULL, PRIMARY KEY (folder, hash, id)) WITHOUT ROWID;
CREATE TABLE op ( id INTEGER PRIMARY KEY AUTOINCREMENT, verb INTEGER NOT NULL, state INTEGER NOT NULL, folder INTEGER NOT NULL, add_flags INTEGER NOT NULL, remove_flags INTEGER NOT NULL, keywords_add TEXT, keywords_remove TEXT, attempts INTEGER NOT NULL DEFAULT 0, created INTEGER NOT NULL, not_before INTEGER NOT NULL DEFAULT 0, error TEXT);
CREATE TABLE op_row (op INTEGER NOT NULL, id INTEGER NOT NULL, PRIMARY KEY (op, id)) WITHOUT ROWID;
CREATE INDEX op_row_id ON op_row (id, op);
INSERT INTO meta VALUES ('last_id', 5), ('hash_key', x'00112233445566778899aabbccddeeff');
INSERT INTO folder (id, path, wire, delimiter, role, selectable, subscribed, rights, mailbox_id, server_total,
 server_unread, uidvalidity, uidnext, present, windows, complete, synced, total, unread, unread_base, threads,
 revision, unbound) VALUES
 (1, 'INBOX', 'INBOX', 47, 'inbox', 1, 1, '', '', 3, 1, 77, 10, 3, '1:9', 1, 1700000000, 3, 1, 2, 2, 5, 0),
 (2, 'Lists', 'Lists', 47, '', 1, 1, '', '', 1, 1, 78, 0, 0, '', 0, 1700000000, 2, 2, 2, 2, 3, 1);
INSERT INTO message (id, folder, uid, ord, received, size, base, pending_add, pending_remove, thread, head,
 thread_count, thread_unread, attachments, have, keywords, keywords_add, keywords_remove, refused) VALUES
 (1, 1, 3, 3, 1000, 500, 0, 1, 0, 1, 0, 0, 0, -1, 8, NULL, NULL, NULL, NULL),
 (2, 1, 5, 5, 2000, 600, 1, 4, 0, 1, 1, 2, 0, -1, 0, 'old', 'work', NULL, NULL),
 (3, 1, 9, 9, 3000, 700, 0, 0, 0, 3, 1, 1, 1, -1, 0, NULL, NULL, NULL, 'refused it was'),
 (4, 2, NULL, 1, 4000, 800, 0, 0, 0, 4, 1, 1, 1, -1, 0, NULL, NULL, NULL, NULL),
 (5, 2, 2, 2, 5000, 900, 0, 0, 0, 5, 1, 1, 1, -1, 0, NULL, NULL, NULL, NULL);
INSERT INTO envelope (id, date, zone, sender, subject, message_id, refs) VALUES
 (1, 990, 60, 'Ada' || char(31) || 'ada@example.org', 'First', '<1@x>', NULL),
 (2, 1990, 60, 'Ben' || char(31) || 'ben@example.org', 'Re: First', '<2@x>', '<1@x>'),
 (3, 2990, 60, NULL, 'Third', '<3@x>', NULL),
 (4, 3990, 60, NULL, 'Fourth', '<4@x>', NULL),
 (5, 4990, 60, NULL, 'Fifth', '<5@x>', NULL);
INSERT INTO part VALUES (1, '', 4);
INSERT INTO unbound VALUES (2, 0, 4);
INSERT INTO op (id, verb, state, folder, add_flags, remove_flags, keywords_add, keywords_remove, attempts, created,
 not_before, error) VALUES
 (1, 0, 0, 1, 1, 0, NULL, NULL, 0, 1700000000, 0, NULL),
 (2, 0, 1, 1, 4, 0, 'work', NULL, 1, 1700000001, 0, NULL),
 (3, 0, 3, 1, 2, 0, NULL, NULL, 1, 1700000002, 0, 'refused it was');
INSERT INTO op_row VALUES (1, 1), (2, 2), (3, 3);
INSERT INTO meta VALUES ('user:capabilities', 'IDLE');
PRAGMA user_version = 1;
