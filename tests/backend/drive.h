/* What the files of the program "drive" share. */
#ifndef FULMAR_TESTS_BACKEND_DRIVE_H
#define FULMAR_TESTS_BACKEND_DRIVE_H

#include "backend/backend.h"

struct drive {
	struct backend_env env;
	struct backend *backend;
	struct store *store;
	GMainContext *context;
	gboolean up;
	GPtrArray *notices; /* char * */
	GString *out;
};

struct result {
	gboolean ended;
	GError *error;
};

/* ---- drive.c ---- */
void put_error(GString *out, const GError *error);
/* Answers with error, which it frees. */
void finish(struct drive *d, GError *error);
void end_list(GString *out);
/* backend_done whose user is a struct result. */
void on_done(const GError *error, void *user);
void wait_for(struct drive *d, struct result *result);
gint64 folder_of(struct drive *d, const char *path);
/* Of "1,2,3". Gives (g_array_unref). */
GArray *ids_of(const char *text);

/* ---- drive-acts.c: the journal; words are the command ---- */
void do_flag(struct drive *d, char **words);
void do_all(struct drive *d, char **words);
void do_move(struct drive *d, char **words);
void do_copy(struct drive *d, char **words);
void do_purge(struct drive *d, char **words);
void do_empty(struct drive *d, char **words);
void do_append(struct drive *d, char **words);
void do_replace(struct drive *d, char **words);
void do_create(struct drive *d, char **words);
void do_rename(struct drive *d, char **words);
void do_remove(struct drive *d, char **words);
void do_subscribe(struct drive *d, char **words);
void do_undo(struct drive *d, char **words);
void do_run(struct drive *d, char **words);
void do_retry(struct drive *d, char **words);
void do_check(struct drive *d, char **words);

#endif
