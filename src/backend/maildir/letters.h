/* Keywords as Dovecot keeps them: letters in file names, whose meaning stands in each folder's own
 * dovecot-keywords. */
#ifndef FULMAR_BACKEND_MAILDIR_LETTERS_H
#define FULMAR_BACKEND_MAILDIR_LETTERS_H

#include <glib.h>

/* What 'a' to 'z' mean in the folder dir: 26 names, NULL for those that mean nothing. NULL: that is not
 * written down. Gives (letters_free). */
char **letters_read(const char *dir);
void letters_free(char **names);
/* The keywords that the letters of a message called name stand for, blank-separated. Gives (g_free). */
char *letters_keywords(char **names, const char *name);
/* What 'a' to 'z' of messages in from are in to, for maildir_name_of: 26 octets, 0 for a keyword that to does
 * not know. NULL: from says nothing of them, so they stay. Gives (g_free). */
char *letters_between(const char *from, const char *to);

#endif
