#!/bin/sh
# uContact's example with cURL. UCONTACT_URL is where it is sent, UCONTACT_TOKEN the token.
curl -sS --location --request POST "${UCONTACT_URL:-http://127.0.0.1:8080}/Integra/resources/Agents/AgentCall" \
  --header "Authorization: Basic ${UCONTACT_TOKEN:-any}" \
  --header 'Content-Type: application/x-www-form-urlencoded' \
  --data-urlencode 'callerid=59824001000' \
  --data-urlencode 'agent=eva.muñoz' \
  --data-urlencode 'phone=1001' \
  --data-urlencode 'tech=SIP' \
  --data-urlencode 'context=agentes' \
  --data-urlencode 'outqueue=Ventas->' \
  --data-urlencode 'destination=59899123456'
