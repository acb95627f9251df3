# ruff: noqa: E501 - tables of words read better unwrapped
"""English sentences by topic and intent. {slot} is drawn from the vocabulary, [a|b] is a choice of words."""

SCENES: dict[str, dict[str, list[str]]] = {
    "weather": {
        "get_weather": [
            "[What's|What is|How is] the weather in {city} {date}?",
            "Will it rain in {city} {date}?",
            "Do I need an umbrella in {city}?",
            "How [hot|cold] is it in {city} {date}?",
        ],
        "forecast": [
            "It will be {weather} in {city} {date}, with a high of {degrees}.",
            "Expect {weather} weather in {city}; temperatures fall to {degrees}.",
            "A storm hit {city} {date}.",
        ],
    },
    "schedule": {
        "set_alarm": [
            "[Wake me up|Set an alarm] at {time} {date}.",
            "Please set my alarm for {time}.",
            "I need to get up at {time}, [please wake me|set the alarm].",
            "Alarm for {time} {date}.",
        ],
        "add_reminder": [
            "Remind me to call {person} {date}.",
            "[Don't let me forget|Remind me] to buy {product} at {time}.",
            "Make a note: meet {person} {date}.",
            "I must pay {price} {date}, please remind me.",
        ],
        "schedule_meeting": [
            "[Schedule|Set up|Book] a meeting with {person} {date} at {time}.",
            "Move my meeting with {person} to {time}.",
            "Invite {person} to a call {date} at {time}.",
            "{person} wants to meet at {time} {date} about the {product}.",
        ],
    },
    "media": {
        "play_music": [
            "[Play|Put on|I want to hear] {title} by {person}.",
            "[Play some|Give me some] [jazz|rock|pop] music.",
            "Next song, please: {title}.",
            "Turn on {title}.",
        ],
        "movie_question": [
            "Who directed {title}?",
            "When does {title} [start|come out]?",
            "Is {title} showing in {city}?",
            "[Is|Was] {title} any good?",
        ],
        "about_media": [
            "{title} is a film by {person}, released in {year}.",
            "{person} stars in {title}, [which critics loved|a box office hit].",
            "The band from {city} released {title} in {year}.",
        ],
        "recommend": [
            "[Recommend|Suggest] a [good movie|nice book|fun game] for me.",
            "What should I [watch|read|play] tonight?",
            "{person} told me to watch {title}.",
        ],
    },
    "dining": {
        "order_food": [
            "I'd like {number} {food} and some {food2}, [please|to go].",
            "Can I [get|have|order] {food} delivered to {address}?",
            "Order {food} for {person}, please.",
        ],
        "book_table": [
            "[Book|Reserve] a table for {number} at {time} {date} under {person}.",
            "Do you have a table for {number} {date}? My number is {phone}.",
            "I want a table at {time}, name {person}, for {number} people.",
        ],
        "recipe": [
            "How do I [make|cook|prepare] {food}?",
            "What do I need for {food}?",
            "Give me a recipe for {food}.",
        ],
        "food_review": [
            "The {food} here [is delicious|tastes great|is worth the price], only {price}.",
            "{city} is famous for its {food}.",
            "The {food} was too [salty|sweet|greasy|cold].",
            "{person} makes the best {food}.",
        ],
    },
    "travel": {
        "book_flight": [
            "[Book|Find|Get] me a flight from {city} to {city2} {date}.",
            "I need {number} tickets to {city} {date} for {person}.",
            "Are there flights to {city} {date} under {price}?",
        ],
        "book_hotel": [
            "[Book|Reserve] a room in {city} for {number} nights from {date}.",
            "Find a hotel in {city} for about {price}.",
            "I need a double room in {city} {date} for {person}.",
        ],
        "train_ticket": [
            "One train ticket to {city} at {time}, please.",
            "When does the train from {city} to {city2} leave?",
            "Are there seats left on train {code} {date}?",
        ],
        "directions": [
            "How do I get to the {place}?",
            "Where is the nearest {place}?",
            "Which bus goes to {address}?",
            "How far is the {place} from {address}?",
        ],
        "call_taxi": [
            "[Call|Get] me a taxi to the {place}.",
            "I'm at {address} and need a ride to the {place}.",
            "Send a car for {person} at {time} to {address}.",
        ],
        "trip": [
            "{person} went from {city} to {city2} by {transport} {date}.",
            "We stayed in {city} for {number} days and spent {price}.",
            "{person} visited {city} {date} [and loved it|with a friend].",
        ],
    },
    "shopping": {
        "track_order": [
            "Where is my order {code}?",
            "My {product} has not arrived, the number is {code}.",
            "[When will|Will] order {code} arrive {date}?",
        ],
        "refund": [
            "I want [a refund|my money back] for order {code}.",
            "The {product} [is broken|does not work|is the wrong color], please refund {price}.",
            "Please return {price} to my card, I don't want the {product}.",
        ],
        "change_order": [
            "Please change the address of order {code} to {address}.",
            "Can I have the {product} in {color} instead?",
            "Make order {code} {number} pieces.",
        ],
        "product_question": [
            "How much is the {color} {product}?",
            "Do you have the {product} in {color}?",
            "How long is the warranty on the {product}?",
            "Is the {company} {product} any good?",
        ],
        "complaint": [
            "Your service is [terrible|awful], I want to complain!",
            "I have waited {number} days for my {product}, [this is too slow|I am angry].",
            "{person} from support was rude to me.",
        ],
        "invoice": [
            "Please send an invoice for {price} to {company}.",
            "I need the invoice for order {code}.",
            "Mail the invoice to {email}.",
        ],
        "purchase": [
            "{person} bought {number} {product} for {price}.",
            "{person} paid {price} for a {color} {product} at {company} {date}.",
            "Order {code}: {product}, {number} pieces, {price}, ship to {person}, phone {phone}.",
        ],
    },
    "health": {
        "book_doctor": [
            "I'd like to see {person} {date} at {time}.",
            "Make an appointment with the dentist {date} for {person}.",
            "Is Dr. {person} free {date}?",
        ],
        "symptoms": [
            "I have {illness}, [what should I do|what can I take]?",
            "My {relative} has had {illness} for {number} days.",
            "{person}, age {age}, has {illness} since {date}.",
        ],
        "advice": [
            "If you have {illness}, rest and drink water.",
            "{number} minutes of {hobby} a day is good for you.",
            "Dr. {person} says people with {illness} should [sleep more|eat fruit|see a doctor].",
        ],
    },
    "school": {
        "homework": [
            "What is the {subject} homework?",
            "Is the {subject} paper due {date}?",
            "How do I solve problem {number} in {subject}?",
        ],
        "absence": [
            "{person} has {illness} and will be absent {date}.",
            "I can't come to class {date}, I will be in {city}.",
            "Please excuse {person} {date}; the family goes to {city}.",
        ],
        "grades": [
            "{person} got {number} points in {subject}.",
            "In {subject}, {person} came in place {number}.",
            "{person} [failed|passed] the {subject} test.",
        ],
        "school_news": [
            "The {subject} contest is at {time} {date} in the {place}.",
            "{subject} class moves to {date} with {person}.",
            "Parents meet {date} at {time} in the {place}.",
        ],
    },
    "family": {
        "family_life": [
            "My {relative} is a {job} and likes {hobby}.",
            "My {relative} is {age} years old.",
            "On {date} I went to the {place} with my {relative}.",
            "My {relative} gave me a {color} {product}.",
        ],
        "pets": [
            "We have a {animal}, [it is cute|it sleeps all day|it is {number} years old].",
            "{person} keeps {number} pets, one is a {animal}.",
            "The {animal} [ran away|is sick], my {relative} is worried.",
        ],
        "introduction": [
            "I'm {person}, {age}, from {city}, and I work as a {job}.",
            "Hello, my name is {person}. I live in {city} and enjoy {hobby}.",
            "{person}, {age}, {job}, lives at {address}, phone {phone}.",
        ],
    },
    "work": {
        "tech_support": [
            "My {product} [is broken|won't start|is frozen], what now?",
            "I can't log in, it says error {code}.",
            "Who can [fix|look at] the {product}?",
        ],
        "contact": [
            "{person}'s phone is {phone} and the email is {email}.",
            "For questions write to {person} at {email}.",
            "Call {phone} and ask for {person}.",
        ],
        "report": [
            "{person} finished {number} reports {date}.",
            "{company} sold {number} {product}s and earned {price}.",
            "{person} has worked at {company} as a {job} for {number} years.",
        ],
        "assign": [
            "{person}, please send the {product} report to {email} {date}.",
            "{person} takes the {product}, {person2} takes the {product2}.",
            "Give this task to {person}, due {date}.",
        ],
    },
    "sports": {
        "match_result": [
            "{city} beat {city2} {number} to {number2}.",
            "{person} won [the cup|gold|the final] in {city}.",
            "{person} [scored twice|was injured|played well] in the game {date}.",
        ],
        "exercise": [
            "{person} does {hobby} for {number} minutes every day.",
            "Let's go to the {place} for some {hobby} {date}.",
            "{person} likes {hobby} but {person2} likes {hobby2}.",
        ],
    },
    "business": {
        "stocks": [
            "Shares of {company} [rose|fell] {number} percent.",
            "The market [went up|dropped] {date} on heavy trading.",
        ],
        "company_news": [
            "{company} was founded in {year} in {city} by {person}.",
            "{company} will buy {company2} for {number} million dollars.",
            "Profits at {company} grew {number} percent.",
            "{person} becomes the head of {company}.",
        ],
    },
    "technology": {
        "launch": [
            "{company} launched a new {product} {date} for {price}.",
            "The new {product} from {company} [is lighter|has a better battery|listens to your voice].",
        ],
        "research": [
            "Scientists in {city} led by {person} found a new kind of {animal}.",
            "{person} uses computers to [predict storms|study {illness}|translate old books].",
        ],
    },
    "society": {
        "accident": [
            "A [fire|crash] at {address} hurt {number} people {date}.",
            "{weather} weather closed [schools|roads] in {city}.",
        ],
        "good_deed": [
            "{person} found {price} and took it to the police.",
            "A {job} named {person} saved a child.",
            "{person} cared for a neighbor's {animal} for {number} years.",
        ],
        "event": ["{city} holds its {food} festival {date}.", "The {place} is free for everyone {date}."],
    },
    "chat": {
        "greeting": [
            "[Hello|Hi|Good morning|Hey there]!",
            "Hi {person}, how are you?",
            "Good evening, I'm {person}.",
            "Long time no see, {person}!",
        ],
        "goodbye": [
            "[Bye|Goodbye|See you later|Good night]!",
            "I have to go now, {person}.",
            "See you {date}, {person}.",
        ],
        "thanks": [
            "[Thanks|Thank you|Many thanks] for your help!",
            "Thank you for the {product}, {person}.",
            "I really appreciate it, {person}.",
        ],
        "apology": [
            "[Sorry|I apologize], I am late.",
            "Sorry, I broke the {product}.",
            "I'm afraid I can't come to {city} {date}, sorry.",
        ],
        "feeling": [
            "I am so [happy|sad|tired|angry|nervous] today.",
            "I failed the {subject} test and feel awful.",
            "My {relative} gave me a gift, I'm [so happy|touched].",
        ],
    },
}

SENTIMENT: dict[str, list[str]] = {
    "positive": [
        "This {product} is [great|excellent|worth every cent], [I love it|I will buy again|highly recommended].",
        "The {food} was [amazing|delicious], my {relative} [loved it|agreed].",
        "The room was [clean and quiet|lovely], [we will come back|a great stay].",
        "{title} is [wonderful|moving|a must see].",
        "[Fast delivery|Nice box], and the {color} {product} looks beautiful.",
        "{person} was [friendly|patient|very helpful], [five stars|thank you].",
    ],
    "negative": [
        "The {product} [broke after two days|is cheap junk|looks nothing like the picture], [very disappointed|never again|I want my money back].",
        "The {food} was [awful|cold and overpriced|terrible], [never coming back|what a waste].",
        "The room was [dirty and loud|tiny and smelly], [avoid it|we slept badly].",
        "{title} is [boring|a waste of time|dull].",
        "It took {number} days to arrive and [the box was torn|a part was missing].",
        "{person} was [rude|unhelpful|impatient], [one star|shame on them].",
    ],
    "neutral": [
        "The {product} came {date}, I have not used it yet.",
        "The {food} was [okay|average|nothing special].",
        "The hotel is at {address} and has {number} rooms.",
        "{title} has {number} episodes.",
        "It costs {price}, about the same as elsewhere.",
        "{person} said they will look again {date}.",
    ],
}

QUESTIONS: dict[str, list[str]] = {
    "person": ["Who is it?", "Who is mentioned?", "What is the person's name?", "Who?"],
    "city": ["Which city?", "Where?", "What place is named?", "Which city is mentioned?"],
    "date": ["When?", "On which day?", "What is the date?"],
    "time": ["At what time?", "What time is it?", "When exactly?"],
    "price": ["How much does it cost?", "What is the price?", "How much money?"],
    "phone": ["What is the phone number?", "Which number should I call?"],
    "email": ["What is the email address?", "Which email?"],
    "code": ["What is the number?", "What is the code?", "Which code is given?"],
    "address": ["What is the address?", "Which address?"],
    "food": ["Which food is mentioned?", "What food?"],
    "product": ["Which product?", "What item is mentioned?", "What thing is it about?"],
    "color": ["What color?", "Which color is it?"],
    "job": ["What is the job?", "What does this person do?"],
    "company": ["Which company?", "What is the company called?"],
    "title": ["What is the title?", "What is it called?"],
    "weather": ["What is the weather like?", "How is the weather?"],
    "degrees": ["How many degrees?", "What temperature?"],
    "hobby": ["Which activity?", "What is the hobby?"],
    "relative": ["Which relative?", "Who in the family?"],
    "transport": ["How did they travel?", "By what transport?"],
    "subject": ["Which subject?", "What school subject?"],
    "illness": ["What is wrong?", "Which symptom?"],
    "animal": ["Which animal?"],
    "age": ["How old?", "What age?"],
    "place": ["What kind of place?", "Which place?"],
    "year": ["Which year?", "In what year?"],
    "number": ["How many?", "What number?"],
}
FIELDS: dict[str, list[str]] = {
    "person": ["name", "person", "who", "customer"], "city": ["city", "place", "location"], "date": ["date", "day", "when"],
    "time": ["time", "at", "hour"], "price": ["price", "amount", "cost"], "phone": ["phone", "tel", "number"], "email": ["email", "mail"],
    "code": ["code", "id", "order_id", "ref"], "address": ["address", "street"], "food": ["food", "dish"], "product": ["product", "item"],
    "color": ["color"], "job": ["job", "occupation"], "company": ["company", "organization"], "title": ["title", "work"],
    "weather": ["weather"], "degrees": ["temperature"], "hobby": ["hobby", "activity"], "relative": ["relative"], "transport": ["transport", "vehicle"],
    "subject": ["subject", "course"], "illness": ["symptom", "illness"], "animal": ["animal", "pet"], "age": ["age"], "place": ["place", "venue"],
    "year": ["year"], "number": ["count", "quantity", "number"],
}  # fmt: skip
