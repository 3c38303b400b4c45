"""Pages for developers: what runs, the last requests and their logs, the mails. Only development has routes to them."""
