from django.dispatch import Signal

# A request was served. Receivers get `line`, the values of its access record.
request_served = Signal()

# A run of a task has ended. Receivers get `task`, its name, and `line`, what its log record says.
task_ended = Signal()

# An account was created, closed or opened, or its password or flags changed, in whatever way. Receivers get `account`,
# the user, and `change`, a text for the log.
account_changed = Signal()
