story: the answer to making an issue is lost, and the item changes meanwhile: whoever tries again finds the first, and makes no second one
date: 2026-11-03
zone: Europe/Berlin
company: default
nodes: a, b
documents:
<<<
kind: tracker
name: shop
spec: { title: Issues of the shop, system: { github: { repository: example/shop } } }
>>>

09:00 ana declares "Payments fail" SEV3 services=api
09:30 ana resolves the incident: they work
10:00 ana proposes item "Limit the queue" for ben: a test with 1001 is refused
10:01 ana proposes item "Add a graph" for ben: it shows the queue
10:02 the tracker loses its next answer
10:03 ben tracks item "Limit the queue" in shop
10:03:01 ben finishes item "Limit the queue": merged
10:10 the tracker tells its issues
10:20 node a dies before sending
10:21 ben tracks item "Add a graph" in shop
10:30 the tracker tells its issues
