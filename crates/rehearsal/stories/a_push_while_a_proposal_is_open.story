story: a branch is proposed, and a push while that is open is its next revision; the same files are nothing new
date: 2026-11-03
zone: Europe/Berlin
company: default
documents:
<<<
kind: environment
name: live
spec: { title: Live }
---
kind: flag
name: new-cart
spec:
  title: New cart
  purpose: operational
  owner: platform
  services: [batch]
  variants: { 'on': true, 'off': false }
  environments: { live: { state: ENABLED, defaultVariant: 'off' } }
>>>

09:00 dai proposes the branch "What main says": for this week
<<<
kind: flag
name: new-till
spec:
  title: New cart
  purpose: operational
  owner: platform
  services: [batch]
  variants: { 'on': true, 'off': false }
  environments: { live: { state: ENABLED, defaultVariant: 'on' } }
>>>
09:01 dai proposes the branch "What main says": for this week
<<<
kind: flag
name: new-till
spec:
  title: New cart
  purpose: operational
  owner: platform
  services: [batch]
  variants: { 'on': true, 'off': false }
  environments: { live: { state: ENABLED, defaultVariant: 'on' } }
>>>
09:02 the branch says
<<<
kind: flag
name: new-till
spec:
  title: New cart
  purpose: operational
  owner: platform
  services: [batch]
  variants: { 'on': true, 'off': false }
  environments: { live: { state: ENABLED, defaultVariant: 'on' } }
>>>
09:03 the branch says
<<<
kind: flag
name: new-till
spec:
  title: New till
  purpose: operational
  owner: platform
  services: [batch]
  variants: { 'on': true, 'off': false }
  environments: { live: { state: ENABLED, defaultVariant: 'off' } }
>>>
09:04 ana approves "What main says"
09:05 dai applies "What main says"
