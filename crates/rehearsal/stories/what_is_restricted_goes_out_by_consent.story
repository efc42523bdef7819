story: a restricted incident has a report for customers when its commander agrees to that very text; whoever is not named learns nothing of it before
date: 2026-11-03
zone: Europe/Berlin
company: default
documents:
<<<
kind: role
name: postmortem-owner
spec: { title: Postmortem owner, duties: [sees that it is written], single: true }
---
kind: status-page
name: main
spec: { title: Shop, groups: [{ components: [{ name: pay, title: Payments }] }] }
>>>

10:00 ana declares "A token was used" SEV3 security services=api
10:01 ana takes command
10:02 ana names dai
10:30 ana resolves the incident: the token is revoked
11:00 ana writes all of the postmortem: a token was used by somebody who should not have had it
11:01 ana names the factor: The token did not expire
11:02 ana names the factor: Nothing looks at where tokens are used
11:03 ana submits the postmortem
11:04 dai publishes the postmortem
11:10 ben prepares the customer postmortem: A token was used
11:11 dai prepares the customer postmortem: A token was used
11:12 dai publishes the customer postmortem
11:13 dai agrees to the customer postmortem: they must know
11:14 ana agrees to the customer postmortem: customers must know
11:15 dai prepares the customer postmortem: A token of ours was used
11:16 ana publishes the customer postmortem
11:17 ana agrees to the customer postmortem: customers must know
11:18 ana publishes the customer postmortem
