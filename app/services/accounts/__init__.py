"""Who may log in, and how: accounts, logins, and the throttle on tries at passwords."""
