story: an alert of a source that tells no end is closed when nothing was heard of it for the route's time
date: 2026-11-03
zone: Europe/Berlin
company: default
documents:
<<<
kind: route
name: shop
spec: { order: 10, match: ['alertname="Cart broken"'], escalation_policy: payments, auto_close: 6h }
>>>

02:00 shop: api "Cart broken" severity=critical
02:01 ben acknowledges
07:59 (open)
08:01 (closed)
