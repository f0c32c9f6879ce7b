"""MySQL client/server protocol (version 10) as MySQL 5.5 to 9.x and MariaDB 5.5 to 11.x speak it."""
