story: what is owed after a breach: 72 hours and then a month, over the end of February and over the night in which the clocks go forward
date: 2026-01-28
zone: Europe/Berlin
company: default
documents:
<<<
kind: obligation-pack
name: gdpr
spec:
  title: GDPR
  jurisdiction: EU
  source: Articles 33 and 34
  applies: true
  asks: Is it personal data?
  consider: { classes: [security] }
  accountable: { person: ana }
  calendar: { time_zone: Europe/Berlin }
  anchors:
  - { name: aware, title: Aware of it, means: Certain enough }
  clocks:
  - { name: authority, title: Notify the authority, to: the authority, from: { recorded: aware }, within: { hours: 72 } }
  - { name: final, title: Final report, to: the authority, from: { submitted: authority }, within: { months: 1 } }
  - { name: people, title: Tell the people, to: the people, from: { recorded: aware } }
>>>

2026-01-28 19:00 ana declares "A laptop with a list of customers is gone" SEV3 security open
2026-01-28 19:01 ana takes command
2026-01-28 19:02 ana anchors gdpr aware 2026-01-28T18:30+01:00: the disk was not encrypted, says IT
2026-01-31 16:55 ana submits gdpr authority: 1200 names and addresses
2026-01-31 17:00 ana waives gdpr people: the authority agrees that the risk is low
2026-02-02 10:00 ana resolves the incident: the laptop was found
2026-02-28 12:00 ana submits gdpr final: how it happened

2026-03-27 20:30 ana declares "Mail of a customer was read" SEV3 security open
2026-03-27 20:31 ana takes command
2026-03-27 20:32 ana anchors gdpr aware 2026-03-27T20:00+01:00: an engineer saw it in the log
2026-03-30 20:59 ana submits gdpr authority: mails of one customer
2026-03-30 21:05 ana waives gdpr people: they were told by telephone at once
2026-04-01 09:00 ana resolves the incident: the token was replaced
2026-04-29 09:00 ana postpones gdpr final until 2026-05-08T12:00+02:00: the authority allows it
2026-05-08 12:30 ana submits gdpr final: how it happened
2026-05-08 12:31 ana submits gdpr final: how it happened / the forensics took longer
