from django.dispatch import Signal

# An answer is on its way. Receivers get `line`, what the access log says of the request.
request_served = Signal()
