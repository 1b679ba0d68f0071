/* Keywords as Dovecot keeps them: letters in file names, whose meaning stands in each folder's own
 * dovecot-keywords. */
#ifndef FULMAR_BACKEND_MAILDIR_LETTERS_H
#define FULMAR_BACKEND_MAILDIR_LETTERS_H

/* What 'a' to 'z' of messages in from are in to, for maildir_name_of: 26 octets, 0 for a keyword that to does
 * not know. NULL: from says nothing of them, so they stay. Gives (g_free). */
char *letters_between(const char *from, const char *to);

#endif
