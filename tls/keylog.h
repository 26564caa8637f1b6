/*
 * Inside tls/ only: the secrets of connections in the NSS key log format (SSLKEYLOGFILE), so that a
 * packet capture can be read. Whoever has the file reads all that was sent: it is made for its owner
 * alone (0600).
 */
#ifndef TLS_KEYLOG_H
#define TLS_KEYLOG_H

/* Opens the file for appending, for several programs may share it. -1 where that fails; *why is then a
   sentence to be freed. Closed with close(). */
int keylog_open(const char *path, char **why);

/* Adds a line, whole, by one write. A line that cannot be written is lost; no connection fails. */
void keylog_write(int fd, const char *line);

#endif
